# METADATA
# title: Nothing unseen
# description: A stack is changed only after its preview was judged, and a rollback destroys only what this run created.
package slipway.previews

import data.slipway.plan

deny contains finding if {
	some step in input.steps
	plan.forward(step)
	step.uses in {"pulumi.up", "pulumi.destroy", "pulumi.import", "traffic.setStackWeight"}
	not previewed(step)
	finding := {
		"msg": sprintf("%s changes a stack that could not be previewed, so no policy has seen what it does", [step.path]),
		"at": step.path,
		"enforcement": "soft",
		"hint": "give it values that are known when planning, or split the runbook after the step that knows them",
	}
}

# A step of foreach has one preview per item: path[0], path[1] …
previewed(step) if {
	some stack in input.stacks
	base(stack.path) == step.path
}

base(path) := split(path, "[")[0]

deny contains finding if {
	some stack in input.stacks
	stack.production
	destroyed_by_rollback(stack)
	finding := {
		"msg": sprintf("stack %s exists already, and a rollback of %s would destroy all of it", [stack.stack, stack.path]),
		"at": stack.path,
		"enforcement": "soft",
		"hint": "compensate with a pulumi.up of the settings before, or agree to it",
	}
}

warn contains finding if {
	some stack in input.stacks
	not stack.production
	destroyed_by_rollback(stack)
	finding := {
		"msg": sprintf("stack %s exists already, and a rollback of %s would destroy all of it", [stack.stack, stack.path]),
		"at": stack.path,
	}
}

destroyed_by_rollback(stack) if {
	stack.operation == "up"
	some change in stack.changes
	change.op in {"same", "update", "replace", "delete"}
	change.type != "pulumi:pulumi:Stack"
	not startswith(change.type, "pulumi:providers:")
	some step in input.steps
	step.path == base(stack.path)
	some compensation in step.compensations
	compensation.uses == "pulumi.destroy"
}
