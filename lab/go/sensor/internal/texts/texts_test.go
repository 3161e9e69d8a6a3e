package texts

import "testing"

// Compared with falcosecurity/libs 0.23.2, 0.25.4 and the master of 22 July 2026 (0.26): userspace/libsinsp/utils.h and utils.cpp.
func TestTextsOfEachVersion(t *testing.T) {
	for _, c := range []struct {
		value                            string
		ascii, dots, printable, outBytes string
	}{
		{"/etc/a b", "/etc/a b", "/etc/a b", "/etc/a b", "/etc/a b"},
		{"/etc/caf\xe9", "/etc/caf", "/etc/caf.", "/etc/caf\uFFFD", "/etc/caf\uFFFD"},
		{"/etc/café", "/etc/caf", "/etc/caf..", "/etc/café", "/etc/café"},
		{"a\nb\x7f", "ab", "a.b.", "a\uFFFDb\uFFFD", "a\nb\x7f"},
		{"\u0085\uFDD0\U0001FFFE", "", ".........", "\uFFFD\uFFFD\uFFFD", "\u0085\uFDD0\U0001FFFE"},
		{"\xe2\x82x\xe2x\xf0\x9f\x98", "xx", "..x.x...", "\uFFFDx\uFFFDx\uFFFD", "\uFFFDx\uFFFDx\uFFFD"},
		{"\xed\xa0\x80\xc0\xaf", "", ".....", "\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD", "\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD"},
		{"\uFFFD", "", "...", "\uFFFD", "\uFFFD"},
	} {
		for i, pair := range [][2]string{
			{ASCII.Output(c.value), c.ascii}, {ASCII.Path(c.value), c.dots}, {Printable.Output(c.value), c.printable},
			{Printable.Path(c.value), c.printable}, {Bytes.Output(c.value), c.outBytes}, {Bytes.Path(c.value), c.value},
		} {
			if pair[0] != pair[1] {
				t.Errorf("%q, %d: got %q, want %q", c.value, i, pair[0], pair[1])
			}
		}
	}
}
