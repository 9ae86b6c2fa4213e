$ErrorActionPreference = 'Stop'
$ProgressPreference = 'SilentlyContinue'
$utf8 = New-Object System.Text.UTF8Encoding $false
[Console]::OutputEncoding = $utf8
$OutputEncoding = $utf8
[Console]::Out.Write("SLIPWAY-READY 0 $PID" + [char]10)
[Console]::Out.Flush()
$text = (@($input) -join '').Trim()
$parts = $text.Split('.')
if ($parts.Length -ne 3) { exit 98 }
$call = $utf8.GetString([Convert]::FromBase64String($parts[0])) | ConvertFrom-Json
foreach ($each in $call.env) { [Environment]::SetEnvironmentVariable($each.name, $each.value, 'Process') }
$global:SlipwayInput = [Convert]::FromBase64String($parts[1])
if ($call.folder) { try { Set-Location -LiteralPath $call.folder } catch { [Console]::Error.Write("$_" + [char]10); exit 96 } }
$global:LASTEXITCODE = 0
$block = [ScriptBlock]::Create($call.script)
try {
  $utf8.GetString($SlipwayInput) -split '\r?\n' | & $block | Out-String -Stream -Width 4096 | ForEach-Object { [Console]::Out.Write($_ + [char]10) }
} catch {
  [Console]::Error.Write("$($_.Exception.Message)" + [char]10)
  exit 1
}
exit $LASTEXITCODE
