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

deny contains finding if {
	some step in input.steps
	step.uses == "ssh.copy"
	some pattern, what in guarded
	regex.match(pattern, step["with"].dest)
	finding := {"msg": sprintf("%s writes %s, which holds %s", [step.path, step["with"].dest, what]), "at": step.path, "hint": "leave it to whoever manages the machine"}
}

deny contains finding if {
	some step in input.steps
	step.uses == "ssh.copy"
	regex.match(`[2367]$`, step["with"].mode)
	finding := {"msg": sprintf("%s writes %s so that everybody may change it (%s)", [step.path, step["with"].dest, step["with"].mode]), "at": step.path, "hint": "use \"0644\" or \"0640\""}
}

deny contains finding if {
	some step in input.steps
	step.uses == "ssh.copy"
	regex.match(`^0?[2-7][0-7]{3}$`, step["with"].mode)
	finding := {"msg": sprintf("%s writes %s so that it runs as somebody else (%s)", [step.path, step["with"].dest, step["with"].mode]), "at": step.path, "hint": "leave the first digit of the mode out"}
}
