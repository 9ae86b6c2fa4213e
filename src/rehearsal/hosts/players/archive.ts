import { posix } from 'node:path';
import { Readable } from 'node:stream';
import { extract } from 'tar-stream';
import { digestOfBytes } from '../../../core/index.ts';
import type { Machine } from '../machine.ts';
import { makeFolders } from './accounts.ts';
import type { Player, Players } from './player.ts';

const MARKER = '.slipway-archive';
const MANIFEST = '.slipway-manifest';

const look: Player = ({ machine: { files }, vars, out }) => {
  const dest = vars.get('SLIPWAY_PATH') ?? '';
  const marker = posix.join(dest, MARKER);
  if (files.stat(marker)) {
    out(`mark ${files.read(marker).toString('utf8').split('\n', 1)[0]}\n`);
    if (vars.get('SLIPWAY_VERIFY') === 'yes' && !isWhole(files, dest)) out('drifted\n');
  } else if (!files.stat(dest)) out('none\n');
  else out(files.isFolder(dest) && files.list(dest).length === 0 ? 'empty\n' : 'occupied\n');
  return 0;
};

function isWhole(files: Machine['files'], dest: string): boolean {
  const lines = files.read(posix.join(dest, MANIFEST)).toString('utf8').trim().split('\n');
  return lines.every((line) => {
    const path = posix.join(dest, line.slice(66));
    return files.stat(path) !== undefined && !files.isFolder(path) && digestOfBytes(files.read(path)) === `sha256:${line.slice(0, 64)}`;
  });
}

/** Links are left out: the files of a rehearsed machine know none. */
const put: Player = async ({ machine, vars, stdin, err }) => {
  const { files } = machine;
  const dest = vars.get('SLIPWAY_PATH') ?? '';
  const reader = extract();
  Readable.from([await stdin.read()]).pipe(reader);
  if (files.stat(dest)) files.remove(dest);
  makeFolders(machine, dest);
  let count = 0;
  for await (const entry of reader) {
    const chunks: Buffer[] = [];
    for await (const chunk of entry as AsyncIterable<Buffer>) chunks.push(chunk);
    const path = posix.join(dest, entry.header.name);
    makeFolders(machine, entry.header.type === 'directory' ? path : posix.dirname(path));
    if (entry.header.type === 'file') files.write(path, Buffer.concat(chunks), entry.header.mode);
    count++;
  }
  if (!isWhole(files, dest)) {
    err('sha256sum: WARNING: computed checksums did NOT match\n');
    return 1;
  }
  machine.changed('archive', { path: dest, members: count });
  return 0;
};

/** The scripts of ssh.archive. */
export const archivePlayers: Players = { archive: look, 'archive-put': put };
