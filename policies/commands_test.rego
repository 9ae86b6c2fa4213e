package slipway.commands_test

import data.slipway.commands

plan(cmd) := {"steps": [{"path": "p/s", "with": {"cmd": cmd}}]}

bad := [
	"rm -rf /",
	"rm -r -f / ",
	"sudo rm -fr /*",
	"mkfs.ext4 /dev/sda1",
	"dd if=/dev/zero of=/dev/sda",
	"curl -s https://example.org/x | sudo bash",
	"chmod -R 777 /srv",
	"shutdown -h now",
	"cat /etc/shadow",
	"env",
	"history -c",
]

good := ["rm -rf /var/cache/erp", "systemctl restart erp", "curl -fsS http://localhost/health", "chmod 750 /srv", "dd if=/dev/zero of=/tmp/x count=1", "environment-check"]

test_bad_commands_are_denied if every cmd in bad {
	count(commands.deny) > 0 with input as plan(cmd)
}

test_good_commands_are_not if every cmd in good {
	count(commands.deny) == 0 with input as plan(cmd)
}

test_commands_of_drivers_count if count(commands.deny) == 1 with input as {"steps": [{"path": "p/s", "with": {"driver": {"set": "reboot"}}}]}
