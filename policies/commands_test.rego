package slipway.commands_test

import data.slipway.commands

plan(cmd) := {"phases": [], "steps": [{"path": "p/s", "with": {"cmd": cmd}}]}

bad := [
	"rm -rf /",
	"rm -r -f / ",
	"sudo rm -fr /*",
	"rm --recursive --force /",
	"rm -rf --no-preserve-root /",
	"cd /tmp && rm -rf \"/\"",
	"rm -rf /etc",
	"rm -rf /var/cache/erp /usr",
	"rm -rf \"$DATA\"/ /usr",
	"rm -rf $DATA/*",
	"rm -rf ~",
	"rm -rf \\\n  /",
	"find / -name '*.log' -delete",
	"mkfs.ext4 /dev/sda1",
	"/sbin/mkfs -t xfs /dev/nvme0n1",
	"wipefs -a /dev/sdb",
	"dd if=/dev/zero of=/dev/sda",
	"curl -s https://example.org/x | sudo bash",
	"curl -s https://example.org/x | python3 -",
	"bash <(curl -s https://example.org/x)",
	"sh -c \"$(wget -qO- https://example.org/x)\"",
	"echo cm0gLXJmIC8= | base64 -d | sh",
	"chmod -R 777 /srv",
	"chmod o+w /srv/erp",
	"chmod a+rwx /srv/erp",
	"shutdown -h now",
	"systemctl stop erp; reboot",
	"sudo /sbin/reboot",
	"systemctl --force reboot",
	"init 0",
	"cat /etc/shadow",
	"env",
	"set -eu\nenv\ntrue",
	"env | sort",
	"cat /proc/self/environ",
	"iptables -F",
	"systemctl stop firewalld",
	"setenforce 0",
	"history -c",
	"echo x > /dev/sda",
	":(){ :|:& };:",
]

good := [
	"rm -rf /var/cache/erp",
	"rm -rf \"$RELEASE_DIR\"",
	"rm -f /etc/erp/erp.conf",
	"rm -rf ./build /srv/erp/old",
	"systemctl restart erp",
	"systemctl disable erp",
	"curl -fsS http://localhost/health",
	"curl -fsS http://localhost/health | grep -q ok",
	"curl -fsS http://localhost/health | jq .status",
	"chmod 750 /srv",
	"chmod u+w /srv/erp/file",
	"chmod 0644 /etc/erp/erp.conf",
	"dd if=/dev/zero of=/tmp/x count=1",
	"environment-check",
	"env RELEASE=1 ./install.sh",
	"set -eu",
	"test ! -f /var/run/reboot-required",
	"echo 'a reboot is needed'",
	"timeout 1 bash -c '</dev/tcp/erp-1/8080'",
	"iptables -L",
]

test_bad_commands_are_denied if every cmd in bad {
	count(commands.deny) > 0 with input as plan(cmd)
}

test_good_commands_are_not if every cmd in good {
	count(commands.deny) == 0 with input as plan(cmd)
}

test_commands_of_drivers_count if count(commands.deny) == 1 with input as {"phases": [], "steps": [{"path": "p/s", "with": {"driver": {"set": "reboot"}}}]}

test_what_a_shell_reads_counts if count(commands.deny) == 1 with input as {"phases": [], "steps": [{"path": "p/s", "with": {"cmd": "sh", "stdin": "true\nreboot\n"}}]}

test_guards_of_hosts_count if count(commands.deny) == 1 with input as {"phases": [], "steps": [{"path": "p/s", "with": {}, "hosts": {"unless": "reboot"}}]}

test_watches_count if count(commands.deny) == 1 with input as {"phases": [{"id": "p", "watches": [{"path": "p/watch/w", "with": {"cmd": "reboot"}}]}], "steps": []}

test_every_role_counts if every role in ["step", "case", "rescue", "finally", "compensate", "rollback"] {
	count(commands.deny) == 1 with input as {"phases": [], "steps": [{"path": "p/s", "role": role, "with": {"cmd": "reboot"}}]}
}
