// Package texts makes bytes presentable, in the way of each version of Falco.
package texts

import (
	"strings"
	"unicode/utf8"
)

// Style is what becomes of bytes that are no text.
type Style int

// The styles of Falco 0.43 (libs 0.23: sanitize_string in userspace/libsinsp/utils.h, copy_and_sanitize_path in utils.cpp), 0.44 (libs
// 0.25: utf8_seq_len) and 0.45 (libs 0.26: namespace utf8).
const (
	// ASCII erases all but printable ASCII; in a file's path a dot stands for each byte.
	ASCII Style = iota
	// Printable puts U+FFFD in the place of each broken or unprintable sequence, in a file's path before conditions see it.
	Printable
	// Bytes puts U+FFFD in the place of broken sequences, in outputs alone: conditions see the bytes.
	Bytes
)

const replacement = "\uFFFD"

// Output is a value as it stands in an output.
func (s Style) Output(value string) string {
	if s == ASCII {
		return eachByte(value, "")
	}
	return replaced(value, s == Printable)
}

// Path is a file's path as conditions see it.
func (s Style) Path(value string) string {
	switch s {
	case ASCII:
		return eachByte(value, ".")
	case Printable:
		return replaced(value, true)
	}
	return value
}

func eachByte(value, instead string) string {
	var clean strings.Builder
	for i := range len(value) {
		if value[i] < ' ' || value[i] > '~' {
			clean.WriteString(instead)
			continue
		}
		clean.WriteByte(value[i])
	}
	return clean.String()
}

func replaced(value string, printable bool) string {
	var clean strings.Builder
	for value != "" {
		length, whole := sequence(value)
		if whole && printable {
			whole = isPrintable(value)
		}
		if whole {
			clean.WriteString(value[:length])
		} else {
			clean.WriteString(replacement)
		}
		value = value[length:]
	}
	return clean.String()
}

// isPrintable looks at the first character.
func isPrintable(text string) bool {
	r, _ := utf8.DecodeRuneInString(text)
	control := r < ' ' || r >= 0x7F && r <= 0x9F
	noCharacter := r >= 0xFDD0 && r <= 0xFDEF || r&0xFFFE == 0xFFFE
	return !control && !noCharacter
}

// sequence is the length of the first character, or of the bytes that begin one and do not end it (Unicode Standard 3.9, maximal subparts).
func sequence(text string) (length int, whole bool) {
	if r, size := utf8.DecodeRuneInString(text); r != utf8.RuneError || size > 1 {
		return size, true
	}
	low, high := byte(0x80), byte(0xBF)
	need := 0
	switch lead := text[0]; {
	case lead >= 0xC2 && lead <= 0xDF:
		need = 1
	case lead >= 0xE0 && lead <= 0xEF:
		need = 2
		if lead == 0xE0 {
			low = 0xA0
		} else if lead == 0xED {
			high = 0x9F
		}
	case lead >= 0xF0 && lead <= 0xF4:
		need = 3
		if lead == 0xF0 {
			low = 0x90
		} else if lead == 0xF4 {
			high = 0x8F
		}
	}
	for length = 1; length <= need && length < len(text) && text[length] >= low && text[length] <= high; length++ {
		low, high = 0x80, 0xBF
	}
	return length, false
}
