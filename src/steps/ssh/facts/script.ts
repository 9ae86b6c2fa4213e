/**
 * Facts of a machine, one a line: a word, then its values. POSIX shell; Linux first, then what BSD and macOS have. A fact that cannot be
 * learned has no line. Nothing is installed, and no answer depends on the language of the machine.
 */
export const FACTS_SCRIPT = `# slipway:facts
LC_ALL=C; export LC_ALL
PATH=$PATH:/usr/sbin:/sbin; export PATH
has() { command -v "$1" >/dev/null 2>&1; }
echo "hostname $(hostname 2>/dev/null || uname -n)"
fqdn=$(hostname -f 2>/dev/null) && [ -n "$fqdn" ] && echo "fqdn $fqdn"
echo "kernel $(uname -s) $(uname -r)"
echo "arch $(uname -m)"
if [ -r /etc/os-release ]; then (. /etc/os-release; echo "os \${PRETTY_NAME:-$NAME}"; echo "osid $ID"; echo "oslike $ID $ID_LIKE"; echo "osversion $VERSION_ID")
elif has sw_vers; then echo "os macOS $(sw_vers -productVersion)"; echo "osid macos"; echo "oslike darwin"; echo "osversion $(sw_vers -productVersion)"
else echo "os $(uname -s) $(uname -r)"; echo "osid $(uname -s)"; echo "oslike $(uname -s)"; echo "osversion $(uname -r)"
fi
for tool in apt-get dnf yum zypper apk pacman pkg brew; do
  if has "$tool"; then echo "packages $tool"; break; fi
done
if [ -d /run/systemd/system ]; then echo 'init systemd'
elif [ -d /run/openrc ]; then echo 'init openrc'
elif has launchctl; then echo 'init launchd'
elif [ -r /proc/1/comm ]; then read -r first </proc/1/comm; echo "init $first"
fi
cpus=$(getconf _NPROCESSORS_ONLN 2>/dev/null || sysctl -n hw.ncpu 2>/dev/null) && echo "cpus $cpus"
if [ -r /proc/cpuinfo ]; then awk -F': ' '/^(model name|Model|Processor|cpu)[ \\t]*:/ { print "cpumodel", $2; exit }' /proc/cpuinfo
else model=$(sysctl -n machdep.cpu.brand_string 2>/dev/null || sysctl -n hw.model 2>/dev/null) && echo "cpumodel $model"
fi
if [ -r /proc/meminfo ]; then awk '/^MemTotal:/ { printf "memory %.0f\\n", $2 * 1024 } /^SwapTotal:/ { printf "swap %.0f\\n", $2 * 1024 }' /proc/meminfo
else memory=$(sysctl -n hw.memsize 2>/dev/null || sysctl -n hw.physmem 2>/dev/null) && echo "memory $memory"
fi
virtual=
if has systemd-detect-virt; then virtual=$(systemd-detect-virt 2>/dev/null); fi
if [ -z "$virtual" ]; then
  vendor=; for file in /sys/class/dmi/id/sys_vendor /sys/class/dmi/id/product_name; do [ -r "$file" ] && vendor="$vendor $(cat "$file" 2>/dev/null)"; done
  if [ -e /.dockerenv ]; then virtual=docker
  elif [ -e /run/.containerenv ]; then virtual=podman
  else case $vendor in
    *QEMU*|*KVM*) virtual=kvm ;; *VMware*) virtual=vmware ;; *VirtualBox*) virtual=oracle ;; *Xen*) virtual=xen ;;
    *'Microsoft Corporation'*Virtual*) virtual=microsoft ;; *'Amazon EC2'*) virtual=amazon ;; *Google*) virtual=google ;;
    *) if grep -q '^flags.* hypervisor' /proc/cpuinfo 2>/dev/null; then virtual=unknown; elif [ -n "$vendor" ]; then virtual=none; fi ;;
    esac
  fi
fi
[ -n "$virtual" ] && echo "virtual $virtual"
if [ -r /proc/uptime ]; then awk '{ printf "uptime %d\\n", $1 }' /proc/uptime
else
  boot=$(sysctl -n kern.boottime 2>/dev/null | sed 's/^{ sec = \\([0-9]*\\).*/\\1/')
  [ -n "$boot" ] && echo "uptime $(($(date +%s) - boot))"
fi
df -Pk 2>/dev/null | awk 'NR > 1 && $1 ~ /^\\// { device = $1; total = $2; free = $4; $1 = $2 = $3 = $4 = $5 = ""; sub(/^ +/, ""); printf "disk %.0f %.0f %s\\t%s\\n", total * 1024, free * 1024, device, $0 }'
if has ip; then ip -o addr show scope global 2>/dev/null | awk '{ split($4, part, "/"); sub(/@.*/, "", $2); print "ip", part[1], $2 }'
else ifconfig -a 2>/dev/null | awk '/^[^ \\t]/ { name = $1; sub(/:$/, "", name) } $1 ~ /^inet6?$/ && $2 !~ /^(addr:)?(127\\.|::1|fe80)/ { sub(/^addr:/, "", $2); sub(/%.*/, "", $2); print "ip", $2, name }'
fi
now=$(date +%s%N)
case $now in *[!0-9]*) echo "time $(date +%s)000" ;; *) echo "time \${now%??????}" ;; esac
exit 0
`;
