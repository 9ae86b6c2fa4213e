# METADATA
# title: Commands nobody runs by runbook
# description: A denylist of shell text that destroys machines, pipes the internet into a shell, or prints secrets. It is a seat belt, not a sandbox.
package slipway.commands

patterns := {
	`\brm\s+(-[a-zA-Z]*\s+)*-[a-zA-Z]*[rR][a-zA-Z]*\s+(-[a-zA-Z-]+\s+)*(/|/\*|~|\$HOME)(\s|;|&|\||$)`: "removes the whole file system",
	`\bmkfs(\.\w+)?\b`: "formats a disk",
	`\bdd\b.*\bof=/dev/`: "writes over a device",
	`\b(curl|wget)\b[^|;&]*\|\s*(sudo\s+)?(ba|z|da|k)?sh\b`: "runs what it downloads",
	`\bchmod\s+(-[a-zA-Z]+\s+)*0?777\b`: "lets everybody write",
	`\b(shutdown|reboot|poweroff|halt)\b`: "turns the machine off",
	`\bcat\s+/etc/shadow\b`: "prints password hashes",
	`^\s*(env|printenv)\s*$`: "prints the environment, secrets included",
	`:\(\)\s*\{\s*:\|:&\s*\};:`: "is a fork bomb",
	`>\s*/dev/(sd|nvme|vd|xvd)`: "writes over a device",
	`\biptables\s+-F\b`: "drops the firewall",
	`\bhistory\s+-c\b`: "hides what was done",
}

deny contains finding if {
	some step in input.steps
	some key in ["cmd", "set", "get"]
	text := command(step["with"], key)
	some pattern, effect in patterns
	regex.match(pattern, text)
	finding := {"msg": sprintf("%s runs a command that %s", [step.path, effect]), "at": step.path, "hint": "do it by hand with two people, or use a kind of step made for it"}
}

command(input_, key) := input_[key] if is_string(input_[key])

command(input_, key) := input_.driver[key] if is_string(input_.driver[key])
