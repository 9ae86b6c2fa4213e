# Written by Slipway for ${{ host.name }}; changes by hand are overwritten.
# Half of the memory for the page cache, the rest for ${{ vars.service }}.
vm.min_free_kbytes = ${{ max(65536, floor(facts.memoryBytes / 1024 / 64)) }}
fs.file-max = ${{ vars.files }}
${{# if facts.virtualization == "none" }}
vm.swappiness = 60
${{# else }}
vm.swappiness = 10
${{# end }}
${{# for port in vars.ports }}
# reserved for ${{ vars.service }}: ${{ port }}
${{# end }}
net.ipv4.ip_local_reserved_ports = ${{ join(vars.ports, ",") }}
