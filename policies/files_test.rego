package slipway.files_test

import data.slipway.files

plan(settings) := {"steps": [{"path": "p/s", "uses": "ssh.copy", "with": object.union({"dest": "/etc/erp/erp.conf"}, settings)}]}

test_good if every settings in [{}, {"mode": "0640"}, {"mode": "644"}, {"dest": "/etc/ssh-banner"}] {
	count(files.deny) == 0 with input as plan(settings)
}

test_bad if every settings in [
	{"dest": "/etc/shadow"},
	{"dest": "/etc/sudoers.d/erp"},
	{"dest": "/root/.ssh/authorized_keys"},
	{"dest": "/etc/ssh/sshd_config"},
	{"mode": "0666"},
	{"mode": "777"},
	{"mode": "4755"},
] {
	count(files.deny) == 1 with input as plan(settings)
}

other(uses, settings) := {"steps": [{"path": "p/s", "uses": uses, "with": settings}]}

test_templates_lines_and_archives_count_too if {
	count(files.deny) == 1 with input as other("ssh.template", {"src": "x", "dest": "/etc/sudoers.d/x"})
	count(files.deny) == 1 with input as other("ssh.line", {"path": "/etc/ssh/sshd_config", "line": "PermitRootLogin yes"})
	count(files.deny) == 1 with input as other("ssh.line", {"path": "/srv/x", "line": "a", "mode": "0666"})
	count(files.deny) == 1 with input as other("ssh.archive", {"src": "x", "dest": "/etc/ssh"})
	count(files.deny) == 0 with input as other("ssh.archive", {"src": "x", "dest": "/opt/erp", "mode": "0755"})
}
