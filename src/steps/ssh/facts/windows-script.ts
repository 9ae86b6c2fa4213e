/**
 * Facts of a Windows machine, in the lines that the other script prints. Windows PowerShell 5.1 and later, with what Windows brings. A fact
 * that cannot be learned has no line. Numbers are written the same in every language.
 */
export const WINDOWS_FACTS = `# slipway:win-facts
$ErrorActionPreference = 'SilentlyContinue'
[Threading.Thread]::CurrentThread.CurrentCulture = [Globalization.CultureInfo]::InvariantCulture
$os = Get-CimInstance Win32_OperatingSystem
$machine = Get-CimInstance Win32_ComputerSystem
$cpu = @(Get-CimInstance Win32_Processor)
"hostname $env:COMPUTERNAME"
"fqdn $([Net.Dns]::GetHostEntry('').HostName)"
"kernel Windows $([Environment]::OSVersion.Version)"
"arch $env:PROCESSOR_ARCHITECTURE"
if ($os) {
  "os $($os.Caption.Trim())"
  "osversion $($os.Version)"
  "memory $([long] $os.TotalVisibleMemorySize * 1024)"
  "swap $([long] $os.SizeStoredInPagingFiles * 1024)"
  "uptime $([long] ((Get-Date) - $os.LastBootUpTime).TotalSeconds)"
}
'osid windows'
'oslike windows'
'init windows'
"cpus $env:NUMBER_OF_PROCESSORS"
if ($cpu.Count -gt 0) { "cpumodel $($cpu[0].Name.Trim())" }
if ($machine) {
  $maker = "$($machine.Manufacturer) $($machine.Model)"
  if ($maker -match 'VMware') { 'virtual vmware' }
  elseif ($maker -match 'Virtual Machine') { 'virtual microsoft' }
  elseif ($maker -match 'KVM|QEMU') { 'virtual kvm' }
  elseif ($maker -match 'VirtualBox|innotek') { 'virtual oracle' }
  elseif ($maker -match 'Xen') { 'virtual xen' }
  elseif ($maker -match 'Amazon EC2') { 'virtual amazon' }
  elseif ($maker -match 'Google') { 'virtual google' }
  else { 'virtual none' }
}
foreach ($disk in @(Get-CimInstance Win32_LogicalDisk -Filter 'DriveType=3')) { "disk $($disk.Size) $($disk.FreeSpace) $($disk.DeviceID)" + [char]9 + "$($disk.DeviceID)" + [char]92 }
foreach ($each in @(Get-NetIPAddress | Where-Object { $_.IPAddress -notmatch '^(127\\.|::1|fe80|169\\.254\\.)' })) { "ip $($each.IPAddress -replace '%.*', '') $($each.InterfaceAlias)" }
"time $([DateTimeOffset]::UtcNow.ToUnixTimeMilliseconds())"
exit 0
`;
