package filter

import (
	_ "embed"
	"strconv"
	"strings"
)

// fieldsText has Falco's fields by type; [] behind a name stands for an argument that is needed, [?] for one that may be given.
//
//go:embed fields.txt
var fieldsText string

// eventsText has the names of Falco's event types.
//
//go:embed events.txt
var eventsText string

// group says how a field is compared.
type group string

const (
	numeric group = "numeric filters"
	boolean group = "bool"
	textual group = "string filters"
	buffer  group = "buffer filters"
	address group = "ip address and network filters"
	network group = "network"
	list    group = "list filters"
)

type argument int

const (
	noArgument argument = iota
	mayHaveArgument
	needsArgument
)

type kind struct {
	group    group
	argument argument
}

var (
	fields = readFields()
	events = readEvents()
	groups = map[string]group{
		"CHARBUF": textual, "CHARBUF+": list, "BYTEBUF": buffer, "BOOL": boolean, "IPADDR": address, "IPNET": network, "DYNAMIC": textual,
	}
	// Fields whose argument counts the ancestors of a process.
	byGeneration = []string{"proc.aname", "proc.aexe", "proc.aexepath", "proc.apid", "proc.aargs", "proc.acmdline", "proc.args"}
)

func readFields() map[string]kind {
	known := map[string]kind{}
	current := numeric
	for word := range strings.FieldsSeq(fieldsText) {
		if name, isType := strings.CutSuffix(word, ":"); isType {
			current = numeric
			if special, found := groups[name]; found {
				current = special
			}
			continue
		}
		name, optional := strings.CutSuffix(word, "[?]")
		name, required := strings.CutSuffix(name, "[]")
		kind := kind{current, noArgument}
		switch {
		case optional:
			kind.argument = mayHaveArgument
		case required:
			kind.argument = needsArgument
		}
		known[name] = kind
	}
	return known
}

func readEvents() map[string]bool {
	known := map[string]bool{}
	for name := range strings.FieldsSeq(eventsText) {
		known[name] = true
	}
	return known
}

// Fields whose argument may also stand behind a dot, as in evt.arg.flags.
var dotted = []string{"evt.arg", "evt.rawarg", "evt.type.is", "evt.abspath"}

// undotted gives a field with its argument between brackets.
func undotted(field Field) Field {
	for _, name := range dotted {
		if arg, found := strings.CutPrefix(field.Name, name+"."); found && !field.HasArg {
			return Field{field.Pos, name, arg, true}
		}
	}
	return field
}

// IsField tells whether Falco has the field, without its argument.
func IsField(name string) bool {
	name, _, _ = strings.Cut(name, "[")
	_, known := fields[undotted(Field{Name: name}).Name]
	return known
}

func lookUp(field Field) (kind, string) {
	known, found := fields[field.Name]
	switch {
	case !found, field.HasArg && known.argument == noArgument, field.HasArg && !goodGeneration(field):
		return known, "filter_check called with nonexistent field " + field.String()
	case !field.HasArg && known.argument == needsArgument:
		return known, "filter syntax error: " + field.Name
	}
	return known, ""
}

func goodGeneration(field Field) bool {
	for _, name := range byGeneration {
		if field.Name == name {
			_, err := strconv.ParseUint(field.Arg, 10, 31)
			return err == nil
		}
	}
	return true
}

// Known tells whether every field of an operand exists.
func Known(operand Operand) bool {
	_, _, _, text := compileOperand(operand)
	return text == ""
}
