/**
 * Facts of a machine, one a line: a word, then its values. POSIX shell; Linux first, then what BSD and macOS have. A fact that cannot be
 * learned has no line.
 */
export const FACTS_SCRIPT = `# slipway:facts
LC_ALL=C; export LC_ALL
PATH=$PATH:/usr/sbin:/sbin; export PATH
echo "hostname $(hostname 2>/dev/null || uname -n)"
echo "kernel $(uname -s) $(uname -r)"
echo "arch $(uname -m)"
if [ -r /etc/os-release ]; then (. /etc/os-release; echo "os \${PRETTY_NAME:-$NAME}")
elif command -v sw_vers >/dev/null 2>&1; then echo "os macOS $(sw_vers -productVersion)"
else echo "os $(uname -s) $(uname -r)"
fi
cpus=$(getconf _NPROCESSORS_ONLN 2>/dev/null || sysctl -n hw.ncpu 2>/dev/null) && echo "cpus $cpus"
if [ -r /proc/meminfo ]; then awk '/^MemTotal:/ { printf "memory %.0f\\n", $2 * 1024 }' /proc/meminfo
else memory=$(sysctl -n hw.memsize 2>/dev/null || sysctl -n hw.physmem 2>/dev/null) && echo "memory $memory"
fi
if [ -r /proc/uptime ]; then awk '{ printf "uptime %d\\n", $1 }' /proc/uptime
else
  boot=$(sysctl -n kern.boottime 2>/dev/null | sed 's/^{ sec = \\([0-9]*\\).*/\\1/')
  [ -n "$boot" ] && echo "uptime $(($(date +%s) - boot))"
fi
df -Pk 2>/dev/null | awk 'NR > 1 && $1 ~ /^\\// { device = $1; total = $2; free = $4; $1 = $2 = $3 = $4 = $5 = ""; sub(/^ +/, ""); printf "disk %.0f %.0f %s\\t%s\\n", total * 1024, free * 1024, device, $0 }'
if command -v ip >/dev/null 2>&1; then ip -o addr show scope global 2>/dev/null | awk '{ split($4, part, "/"); print "ip", part[1] }'
else ifconfig -a 2>/dev/null | awk '$1 ~ /^inet6?$/ && $2 !~ /^(127\\.|::1|fe80)/ { sub(/^addr:/, "", $2); sub(/%.*/, "", $2); print "ip", $2 }'
fi
now=$(date +%s%N)
case $now in *[!0-9]*) echo "time $(date +%s)000" ;; *) echo "time \${now%??????}" ;; esac
`;
