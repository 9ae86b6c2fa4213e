# METADATA
# title: Commands nobody runs by runbook
# description: A denylist of shell text that destroys machines, pipes the internet into a shell, or prints secrets. It is a seat belt, not a sandbox.
package slipway.commands

# Where a command begins: a line, after ; & | ( { ! or words like then and timeout 5, inside sh -c "…"; a path, variables and sudo before it change nothing.
start := concat("", [
	`(?m)(^|[;&|({!\x60]|\b(sudo|exec|nohup|then|do|else|xargs|eval|time|command|busybox|setsid)\s|\b(timeout|nice|ionice)\s+(-[sknc]\s+\S+\s+|-\S+\s+)*([0-9]\S*\s+)?|\benv\s|\bssh\s+(-[bcDEeFIiJLlmOopRSWw]\s+\S+\s+|-\S+\s+)*[\w.@-]+\s+["']?|\s-c\s+["'])`,
	`\s*([A-Za-z_][A-Za-z0-9_]*=\S*\s+)*(sudo\s+(-[ugphC]\s+\S+\s+|-\S+\s+)*)?(/\S*/)?`,
])

# Commands, by how they begin.
begins := {
	`mkfs(\.\w+)?\b`: "formats a disk",
	`wipefs\b`: "formats a disk",
	`dd\b[^\n]*\bof=["']?/dev/(sd|hd|nvme|vd|xvd|mapper|disk|mmcblk|loop)`: "writes over a device",
	`shred\b`: "destroys files for good",
	`(shutdown|reboot|poweroff|halt)(\s|["';&|)]|$)`: "turns the machine off",
	`init\s+[06](\s|["';&|)]|$)`: "turns the machine off",
	`systemctl\s+(-\S+\s+)*(reboot|poweroff|halt|kexec|rescue|emergency)(\s|["';&|)]|$)`: "turns the machine off",
	`(env|printenv|export\s+-p|declare\s+-x|set)\s*(["'|;&>)]|$)`: "prints the environment, secrets included",
	`ip6?tables\s+(-\S+\s+)*(-F|--flush)\b`: "drops the firewall",
	`nft\s+flush\s+ruleset\b`: "drops the firewall",
	`(ufw\s+disable|systemctl\s+(-\S+\s+)*(stop|disable|mask)\s+[^\n;&|]*\b(firewalld|ufw|nftables|auditd))\b`: "turns a guard of the machine off",
	`setenforce\s+(0|Permissive)\b`: "turns a guard of the machine off",
	`history\s+-c\b`: "hides what was done",
	`history\s*(["'|;&>)]|\d|$)`: "prints what was typed, secrets included",
	`(fdisk|sfdisk|cfdisk|gdisk)\s+/dev/`: "changes the partitions of a disk",
	`parted\s+(-\S+\s+)*/dev/\S+\s+(mklabel|mktable|mkpart|rm|resizepart)\b`: "changes the partitions of a disk",
	`((lv|vg|pv)remove|zpool\s+destroy|zfs\s+destroy)\b`: "destroys volumes",
	`(cat|less|more|head|tail|base64|xxd|od|strings|hexdump|cp|tar|zip)\s[^\n;|&]*(/\.ssh/id_[a-z0-9]+(["'\s;|&)]|$)|/\.aws/credentials\b|/\.kube/config\b|/\.azure/|/\.netrc\b|/\.pgpass\b|/\.my\.cnf\b|/\.docker/config\.json|/etc/ssl/private/)`: "reads keys or passwords",
}

# Commands, by what is in them anywhere.
anywhere := {
	# -r and -f in any order and place, then a path that is the root, a top folder, a home, or a variable that may be empty.
	`\brm\s+([^\n;&|]*\s)?(-[a-zA-Z]*[rR][a-zA-Z]*|--recursive)\s+([^\n;&|]*\s)?["']?(/+\.?/?|/+\*|/usr/(bin|sbin|lib|lib64|local)/?\*?|/(bin|boot|dev|etc|home|lib|lib64|opt|proc|root|sbin|srv|sys|usr|var)/?\*?|~/?\*?|\$\{?HOME\}?/?\*?|\$\{?[A-Za-z_][A-Za-z0-9_]*\}?/\*?)["']?(\s|[;&|)]|$)`: "removes a whole file system or top folder",
	`\bcd\s+/\s*(&&|;|\n)\s*(sudo\s+)?rm\s+([^\n;&|]*\s)?-[a-zA-Z]*[rR][a-zA-Z]*\s+([^\n;&|]*\s)?(\.|\./?\*|\*)(\s|[;&|)]|$)`: "removes a whole file system or top folder",
	`\brm\b[^\n;&|]*\s--no-preserve-root\b`: "removes a whole file system or top folder",
	`\bfind\s+/\s[^\n;&|]*-delete\b`: "removes a whole file system or top folder",
	`\b(curl|wget)\b[^\n;&]*\|\s*(sudo\s+(-\S+\s+)*)?(/\S*/)?((ba|z|da|k|a)?sh|python3?|perl|ruby|node)\b`: "runs what it downloads",
	`\b((ba|z|da|k|a)?sh\s+(-c\s+)?["']?(<\(|\$\(|\x60)|eval\s+["']?(\$\(|\x60)|source\s+<\(|\.\s+<\()\s*(curl|wget)\b`: "runs what it downloads",
	`\bchmod\s+(-\S+\s+)*(0?[0-7]{2}[2367]|[ugo,]*[ao][ugoa,]*[+=][rwxXst]*w[rwxXst]*)\s`: "lets everybody write",
	`/etc/g?shadow\b`: "reads or changes password hashes",
	`/proc/sysrq-trigger\b`: "turns the machine off",
	`\.(bash|zsh|ash|python|mysql|psql)_history\b`: "reads or changes what was typed, secrets included",
	`\s--show-secrets\b`: "prints secrets",
	`/proc/(self|\d+|\$\$)/environ\b`: "prints the environment, secrets included",
	`:\s*\(\s*\)\s*\{\s*:\s*\|\s*:\s*&\s*\}\s*;\s*:`: "is a fork bomb",
	`>\s*/dev/(sd|hd|nvme|vd|xvd|mapper|mmcblk)`: "writes over a device",
	`\bHISTFILE=/dev/null\b|\bunset\s+HISTFILE\b`: "hides what was done",
	`(>|\btruncate\b[^\n;&|]*)\s*/var/log/(wtmp|btmp|lastlog|audit/)`: "hides what was done",
	`\bbase64\s+(-d|-D|--decode)\b[^\n;&]*\|\s*(sudo\s+)?(ba|z|da|k|a)?sh\b`: "runs text that nobody can read",
}

# All of them at once, so that a text that none of them fits is asked twice and not forty times.
any_beginning := concat("", [start, "(", concat("|", [sprintf("(?:%s)", [pattern]) | some pattern, _ in begins]), ")"])

any_place := concat("|", [sprintf("(?:%s)", [pattern]) | some pattern, _ in anywhere])

# Where these cannot be asked, nothing is harmless and each pattern is asked for itself.
harmless(text) if {
	regex.match(any_beginning, text) == false
	regex.match(any_place, text) == false
}

# In parentheses, as above: else an alternative in a pattern would mean one thing here and another there.
patterns[concat("", [start, "(?:", pattern, ")"])] := effect if some pattern, effect in begins

patterns[pattern] := effect if some pattern, effect in anywhere

# Compensations, rescue, finally and rollback steps are in input.steps too.
deny contains finding if {
	some step in input.steps
	some text in commands(step)
	not harmless(text)
	some pattern, effect in patterns
	regex.match(pattern, text)
	finding := {"msg": sprintf("%s runs a command that %s", [step.path, effect]), "at": step.path, "hint": "do it by hand with two people, or use a kind of step made for it"}
}

deny contains finding if {
	some phase in input.phases
	some watch in phase.watches
	text := joined(watch["with"].cmd)
	not harmless(text)
	some pattern, effect in patterns
	regex.match(pattern, text)
	finding := {"msg": sprintf("%s runs a command that %s", [watch.path, effect]), "at": watch.path, "hint": "a watch only looks"}
}

# Commands that print a number for a dual run or a check.
deny contains finding if {
	some source in input.metricSources
	text := joined(source.cmd)
	not harmless(text)
	some pattern, effect in patterns
	regex.match(pattern, text)
	finding := {"msg": sprintf("%s asks %s by a command that %s", [source.path, source.name, effect]), "at": source.path, "hint": "a metric only looks"}
}

commands(step) := {joined(text) |
	some text in array.concat(said(step), [
		object.get(step, ["with", "cmd"], null),
		object.get(step, ["with", "stdin"], null),
		object.get(step, ["with", "driver", "set"], null),
		object.get(step, ["with", "driver", "get"], null),
		object.get(step, ["hosts", "unless"], null),
		object.get(step, ["with", "command"], null),
	])
	is_string(text)
}

# What is typed on a terminal, and the program that judges a draft.
said(step) := array.concat(
	[line.send | some line in object.get(step, ["with", "dialogue"], []); is_string(line.send)],
	[concat(" ", args) | args := object.get(step, ["with", "validate"], null); is_array(args)],
)

# A line that ends in a backslash goes on in the next.
joined(text) := replace(text, "\\\n", " ")
