package filter

import (
	_ "embed"
	"slices"
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
)

type argument int

const (
	noArgument argument = iota
	mayHaveArgument
	needsArgument
)

// kind is what Falco declares of a field, and of the value that a function makes.
type kind struct {
	name     string
	typ      string // Falco's name of the type
	group    group
	list     bool // several values
	plain    bool // no function takes it
	argument argument
}

var (
	fields = readFields()
	events = readEvents()
	groups = map[string]group{
		"CHARBUF": textual, "BYTEBUF": buffer, "BOOL": boolean, "IPADDR": address, "IPNET": network, "DYNAMIC": textual,
	}
	// EPF_NO_TRANSFORMER in userspace/libsinsp/sinsp_filtercheck_*.cpp.
	withoutFunctions = []string{
		"evt.rawarg", "evt.around", "fd.ip", "fd.port", "fd.proto", "fd.net", "fd.cnet", "fd.snet", "fd.lnet", "fd.rnet", "fd.cip.name",
		"fd.sip.name", "fd.lip.name", "fd.rip.name", "proc.aexe", "proc.aexepath", "proc.aname", "proc.acmdline", "proc.aenv", "proc.apid",
	}
	// EPF_FILTER_ONLY there.
	withoutOutput = []string{"evt.around", "fd.ip", "fd.port", "fd.proto", "fd.net", "fd.cnet", "fd.snet", "fd.lnet", "fd.rnet"}
	// Fields whose argument counts the ancestors of a process.
	byGeneration = []string{"proc.aname", "proc.aexe", "proc.aexepath", "proc.apid", "proc.aargs", "proc.acmdline", "proc.args"}
)

func readFields() map[string]kind {
	known := map[string]kind{}
	var current kind
	for word := range strings.FieldsSeq(fieldsText) {
		if name, isType := strings.CutSuffix(word, ":"); isType {
			current = kind{group: numeric}
			current.typ, current.list = strings.CutSuffix(name, "+")
			if special, found := groups[current.typ]; found {
				current.group = special
			}
			continue
		}
		name, optional := strings.CutSuffix(word, "[?]")
		name, required := strings.CutSuffix(name, "[]")
		field := current
		field.name, field.plain = name, slices.Contains(withoutFunctions, name)
		switch {
		case optional:
			field.argument = mayHaveArgument
		case required:
			field.argument = needsArgument
		}
		known[name] = field
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

// IsLeftSide tells whether something can be compared: a field that Falco has, whatever its argument, or a function of one.
func (l Language) IsLeftSide(name string) bool {
	if strings.Contains(name, "(") {
		node, err := l.Parse(name + " exists")
		if err == nil {
			_, err = Compile(node)
		}
		return err == nil
	}
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

// ConditionsOnly tells whether a field is not for outputs.
func ConditionsOnly(operand Operand) bool {
	field, isField := operand.(Field)
	return isField && slices.Contains(withoutOutput, field.Name)
}

// Known tells whether every field of an operand exists.
func Known(operand Operand) bool {
	_, text := compileOperand(operand)
	return text == ""
}
