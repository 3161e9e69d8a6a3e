# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sphinx on the pages that antsibull-docs writes; tools/docs.sh copies this file beside them."""

from __future__ import annotations

project = "runtime_security.kubernetes"
extensions = ["sphinx_antsibull_ext"]
html_theme = "sphinx_ansible_theme"
html_show_sphinx = False
highlight_language = "yaml+jinja"
# Without another site's index, as the build has no network: links to ansible.builtin stay plain text.
suppress_warnings = ["ref.ref"]
