package rules

import (
	"fmt"
	"strings"
)

// Priority is the severity of a rule, 0 for the highest.
type Priority int

var priorityNames = []string{"Emergency", "Alert", "Critical", "Error", "Warning", "Notice", "Informational", "Debug"}

// ParsePriority takes a name in any case; INFO is short for INFORMATIONAL.
func ParsePriority(name string) (Priority, error) {
	if strings.EqualFold(name, "info") {
		name = "informational"
	}
	for number, known := range priorityNames {
		if strings.EqualFold(name, known) {
			return Priority(number), nil
		}
	}
	return 0, fmt.Errorf("invalid priority %q", name)
}

func (p Priority) String() string { return priorityNames[p] }
