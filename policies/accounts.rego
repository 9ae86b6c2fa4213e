# METADATA
# title: Accounts with all rights
# description: A step that lets an account do everything, or lets somebody log in as root, needs an owner who says so.
package slipway.accounts

all_rights := {"root", "sudo", "wheel", "admin", "docker", "lxd", "disk", "shadow"}

deny contains finding if {
	some step in input.steps
	step.uses == "ssh.user"
	given := {group | some group in object.get(step, ["with", "groups"], [])} | {object.get(step, ["with", "group"], "")}
	some group in (given & all_rights)
	finding := {
		"msg": sprintf("%s puts %s into the group %s, which may do everything", [step.path, step["with"].name, group]),
		"at": step.path,
		"enforcement": "soft",
		"hint": "give the account the one right it needs, or agree to it",
	}
}

deny contains finding if {
	some step in input.steps
	step.uses == "ssh.user"
	step["with"].name == "root"
	some setting in ["authorizedKeys", "passwordHash"]
	object.get(step["with"], setting, null) != null
	finding := {
		"msg": sprintf("%s changes how people log in as root", [step.path]),
		"at": step.path,
		"enforcement": "soft",
		"hint": "let people log in as themselves and become root, or agree to it",
	}
}
