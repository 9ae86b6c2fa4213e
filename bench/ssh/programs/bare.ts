/** The least a program in this language can do: one ssh2 connection per host, commands one after another, nothing written down. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import ssh2, { type Client, type SFTPWrapper } from 'ssh2';
import { eachOf, mark, readSpec, type Spec } from '../spec.ts';

const spec = readSpec();
const privateKey = readFileSync(spec.key);
const trusted = Buffer.from(spec.hostKey.split(' ')[1] ?? '', 'base64');

function connect(host: string): Promise<Client> {
  return new Promise((resolve, reject) => {
    const client = new ssh2.Client();
    client.once('ready', () => resolve(client)).once('error', reject);
    client.connect({ host, port: spec.port, username: 'root', privateKey, readyTimeout: 120_000, hostVerifier: (key: Buffer) => key.equals(trusted) });
    client.setNoDelay(true);
  });
}

function run(client: Client): Promise<void> {
  return new Promise((resolve, reject) => {
    client.exec('true', (error, channel) => {
      if (error) return reject(error);
      let code: number | null = null;
      channel.on('exit', (value: number | null) => (code = value));
      channel.on('close', () => (code === 0 ? resolve() : reject(new Error(`exit ${code}`))));
      channel.resume();
      channel.stderr.resume();
    });
  });
}

async function tasks({ addresses, tasks: count }: Spec): Promise<void> {
  const clients: Client[] = [];
  mark('begin');
  for (let task = 1; task <= count; task++) {
    await eachOf(addresses.length, async (index) => {
      const client = (clients[index] ??= await connect(addresses[index] ?? ''));
      await run(client);
    });
    mark(`task-${task}`);
  }
  mark('end');
  for (const client of clients) client.end();
}

const calls = (sftp: SFTPWrapper) => ({
  open: (path: string) => new Promise<Buffer>((resolve, reject) => sftp.open(path, 'w', 0o644, (error, handle) => (error ? reject(error) : resolve(handle)))),
  write: (handle: Buffer, bytes: Buffer) =>
    new Promise<void>((resolve, reject) => sftp.write(handle, bytes, 0, bytes.length, 0, (error) => (error ? reject(error) : resolve()))),
  close: (handle: Buffer) => new Promise<void>((resolve, reject) => sftp.close(handle, (error) => (error ? reject(error) : resolve()))),
  mkdir: (path: string) => new Promise<void>((resolve, reject) => sftp.mkdir(path, (error) => (error ? reject(error) : resolve()))),
});

async function files({ addresses, files: given }: Spec): Promise<void> {
  const { folder = '', names = [] } = given ?? {};
  mark('begin');
  await Promise.all(
    addresses.map(async (address) => {
      const client = await connect(address);
      const sftp = await new Promise<SFTPWrapper>((resolve, reject) => client.sftp((error, opened) => (error ? reject(error) : resolve(opened))));
      const { open, write, close, mkdir } = calls(sftp);
      await mkdir('/srv/files');
      const copy = async (index: number): Promise<void> => {
        const handle = await open(`/srv/files/${names[index]}`);
        await write(handle, readFileSync(join(folder, names[index] ?? '')));
        await close(handle);
      };
      await eachOf(names.length, copy, 16);
      client.end();
    }),
  );
  mark('files');
}

await (spec.files ? files(spec) : tasks(spec));
