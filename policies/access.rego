# METADATA
# title: Who may do what
# description: >-
#   Judges requests of people, tokens, triggers and schedules, never plans. What no Access file of the default branch gives is denied; a token may do
#   no more than its scopes say.
package slipway.access

deny contains finding if {
	not is_request
	finding := {
		"msg": "what was asked is no request that this policy knows",
		"hint": "the policies and this version of Slipway do not fit together",
	}
}

deny contains finding if {
	is_request
	not is_granted
	finding := {
		"msg": sprintf("%s may not %s%s", [input.subject.id, input.action, place]),
		"hint": "a binding in a file of kind Access on the default branch gives roles to people, tokens and triggers",
	}
}

deny contains finding if {
	is_request
	has_scopes
	not is_in_scope
	finding := {
		"msg": sprintf("the token of %s has no scope for %s%s", [input.subject.id, input.action, place]),
		"hint": sprintf("make a token that has it: slipway token create <name> --scope '%s%s' --expires 90d", [input.action, for_runbook]),
	}
}

is_request if {
	input.version == 1
	is_string(input.action)
	is_string(input.subject.id)
	is_array(input.subject.names)
	is_target
	is_array(input.object.environments)
	is_array(input.bindings)
	is_object(input.roles)
}

is_target if input.object.kind == "server"

is_target if {
	input.object.kind == "runbook"
	is_string(input.object.runbook)
}

place := sprintf(" %s in %s", [input.object.runbook, concat(", ", input.object.environments)]) if {
	input.object.kind == "runbook"
	count(input.object.environments) > 0
} else := sprintf(" %s", [input.object.runbook]) if {
	input.object.kind == "runbook"
} else := ""

# What narrows a scope to the runbook that was asked for.
for_runbook := sprintf("@%s", [input.object.runbook]) if {
	input.object.kind == "runbook"
} else := ""

# The whole server, or what belongs to no runbook: only a binding without limits gives that.
is_granted if {
	input.object.kind == "server"
	some binding in granting
	"*" in binding.environments
	not has_runbooks(binding)
}

is_granted if {
	input.object.kind == "runbook"
	count(input.object.environments) == 0
	some binding in granting
	fits_runbook(binding)
}

# Every environment that a runbook works in has to be given.
is_granted if {
	input.object.kind == "runbook"
	count(input.object.environments) > 0
	every environment in input.object.environments {
		some binding in granting
		fits_runbook(binding)
		some pattern in binding.environments
		fits(pattern, environment)
	}
}

granting contains binding if {
	some binding in input.bindings
	some subject in binding.subjects
	subject in input.subject.names
	some action in input.roles[binding.role]
	fits(action, input.action)
}

has_runbooks(binding) if is_array(binding.runbooks)

fits_runbook(binding) if not has_runbooks(binding)

fits_runbook(binding) if {
	some pattern in binding.runbooks
	fits(pattern, input.object.runbook)
}

# A subject without the member has no limits of its own; one with anything else than a list is no request we know.
has_scopes if not object.get(input.subject, "scopes", null) == null

is_in_scope if {
	some scope in input.subject.scopes
	fits(scope.action, input.action)
	fits_scope(scope)
}

fits_scope(scope) if not has_limit(scope)

fits_scope(scope) if fits(scope.runbook, input.object.runbook)

has_limit(scope) if is_string(scope.runbook)

# Patterns know one sign, the asterisk. Names hold no sign that means something else in a regular expression but the dot.
fits("*", _)

fits(pattern, name) if {
	regex.match(`^[A-Za-z0-9*.-]+$`, pattern)
	expression := concat("", ["^", replace(replace(pattern, ".", "[.]"), "*", ".*"), "$"])
	regex.match(expression, name)
}
