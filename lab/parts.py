"""All parts of the lab, in the order they are best begun: the long ones first."""

from __future__ import annotations

from bundle import bundle
from engine import Part
from go_parts import go_parts
from image_parts import image_parts
from node_parts import node_parts
from package_parts import package_parts


def all_parts() -> list[Part]:
    return [*go_parts(), *package_parts(), *node_parts(), *image_parts(), bundle()]
