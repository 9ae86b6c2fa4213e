/** What a careful shell script does: one multiplexing `ssh` master per host, and an `ssh` process for every command. */
import { execFile } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { eachOf, mark, readSpec } from '../spec.ts';

const spec = readSpec();
const start = promisify(execFile);
const sockets = join(spec.dir, 'cm');
mkdirSync(sockets, { recursive: true });
const options = [
  ...['-F', 'none', '-i', spec.key, '-o', `UserKnownHostsFile=${spec.knownHosts}`, '-o', 'GlobalKnownHostsFile=/dev/null', '-o', 'BatchMode=yes'],
  ...['-o', 'ControlMaster=auto', '-o', 'ControlPersist=600', '-o', `ControlPath=${sockets}/%h`],
];

mark('begin');
if (spec.files) {
  const { folder } = spec.files;
  // The folder as a whole: nothing is compared, and nothing is written so that it is whole or unchanged.
  await Promise.all(spec.addresses.map((address) => start('scp', ['-q', '-r', ...options, '-P', String(spec.port), folder, `root@${address}:/srv/files`])));
  mark('files');
} else {
  for (let task = 1; task <= spec.tasks; task++) {
    await eachOf(spec.addresses.length, async (index) => {
      await start('ssh', [...options, '-p', String(spec.port), `root@${spec.addresses[index]}`, 'true']);
    });
    mark(`task-${task}`);
  }
}
