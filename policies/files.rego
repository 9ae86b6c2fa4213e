# METADATA
# title: Files nobody writes by runbook
# description: Accounts, keys and rights of a machine belong to its configuration management; and no file is written that everybody may change.
package slipway.files

guarded := {
	`^/etc/(passwd|group|g?shadow|sudoers)$`: "accounts and rights",
	`^/etc/sudoers\.d/`: "rights",
	`/\.ssh/(authorized_keys2?|id_[a-z0-9]+)$`: "keys",
	`^/etc/ssh/`: "keys and how people log in",
	`^/etc/pam\.d/`: "how people log in",
	`^/(boot|dev|proc|sys)/`: "the system itself",
	`^/etc/(ld\.so\.preload|crontab)$`: "what runs by itself",
}

# Kinds that write one file, and where.
written(step) := step["with"].dest if step.uses in {"ssh.copy", "ssh.template"}

written(step) := step["with"].path if step.uses == "ssh.line"

written(step) := concat("", [step["with"].dest, "/"]) if step.uses == "ssh.archive"

deny contains finding if {
	some step in input.steps
	path := written(step)
	some pattern, what in guarded
	regex.match(pattern, path)
	finding := {"msg": sprintf("%s writes %s, which holds %s", [step.path, path, what]), "at": step.path, "hint": "leave it to whoever manages the machine"}
}

deny contains finding if {
	some step in input.steps
	path := written(step)
	regex.match(`[2367]$`, step["with"].mode)
	finding := {"msg": sprintf("%s writes %s so that everybody may change it (%s)", [step.path, path, step["with"].mode]), "at": step.path, "hint": "use \"0644\" or \"0640\""}
}

deny contains finding if {
	some step in input.steps
	path := written(step)
	regex.match(`^0?[2-7][0-7]{3}$`, step["with"].mode)
	finding := {"msg": sprintf("%s writes %s so that it runs as somebody else (%s)", [step.path, path, step["with"].mode]), "at": step.path, "hint": "leave the first digit of the mode out"}
}
