import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import ssh2, { type ServerChannel } from 'ssh2';
import { Secret } from '../../../src/core/index.ts';
import { POWERSHELL, powershellPayload } from '../../../src/effects/ssh/powershell/bootstrap.ts';
import { plainErrors } from '../../../src/effects/ssh/powershell/clixml.ts';
import { newKey } from '../../../src/rehearsal/hosts/keys.ts';
import type { Host } from '../../../src/steps/index.ts';
import { failure, request, withSsh } from './with-ssh.ts';

/** What a Windows machine got on one channel. */
interface Got {
  readonly command: string;
  readonly input: Buffer;
}
interface Windows extends AsyncDisposable {
  readonly host: Host;
  readonly got: readonly Got[];
}

/** A server that takes whatever comes, and answers as PowerShell on Windows would: `answer` is called when the input has ended. */
async function windows(answer: (channel: ServerChannel, got: Got, breakOff: () => void) => void, ready = 'SLIPWAY-READY 0 4242\n'): Promise<Windows> {
  const key = newKey(ssh2.utils);
  const got: Got[] = [];
  const server = new ssh2.Server({ hostKeys: [key.private] }, (client) => {
    client.on('error', () => undefined);
    client.on('authentication', (context) => (context.method === 'password' ? context.accept() : context.reject(['password'])));
    client.on('ready', () =>
      client.on('session', (acceptSession) =>
        acceptSession().on('exec', (acceptExec, _reject, { command }) => {
          const channel = acceptExec();
          const chunks: Buffer[] = [];
          channel.write(ready);
          channel.on('data', (bytes: Buffer) => chunks.push(bytes));
          channel.on('end', () => {
            got.push({ command, input: Buffer.concat(chunks) });
            answer(channel, got.at(-1) as Got, () => client.end());
          });
        }),
      ),
    );
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number }; // a TCP server that listens has one
  const host: Host = {
    ...{ name: 'win', address: '127.0.0.1', port, user: 'ops', groups: [], vars: {}, jump: [], shell: 'powershell' },
    ...{ login: { password: new Secret('open sesame') }, hostKeys: [key.public] },
  };
  return { host, got, [Symbol.asyncDispose]: () => new Promise((resolve) => void server.close(() => resolve())) };
}
const end = (channel: ServerChannel, code: number): void => {
  channel.exit(code);
  channel.end();
};
/** What the bootstrap would take out of its input. */
function opened({ input }: Got): { script: string; env: { name: string; value: string }[]; folder: string; stdin: Buffer } {
  const [call = '', stdin = '', rest] = input.toString('latin1').split('.');
  assert.equal(rest, '\n');
  assert.match(call + stdin, /^[A-Za-z0-9+/=]*$/);
  return {
    ...(JSON.parse(Buffer.from(call, 'base64').toString('utf8')) as { script: string; env: { name: string; value: string }[]; folder: string }),
    stdin: Buffer.from(stdin, 'base64'),
  }; // our own client wrote it
}

/** No PowerShell is to be had here: what goes over the wire is compared byte by byte, and kept where a person can read it. */
describe('PowerShell over SSH', () => {
  const file = join(import.meta.dirname, 'golden', 'powershell-bootstrap.ps1');

  it('sends a command line that is always the same, fits cmd, and holds only what nobody has to quote', () => {
    assert.match(POWERSHELL, /^powershell\.exe( -[A-Za-z]+( [A-Za-z]+)?)* -EncodedCommand [A-Za-z0-9+/=]+$/);
    assert.ok(POWERSHELL.length < 8_191, String(POWERSHELL.length));
    const text = Buffer.from(POWERSHELL.split(' ').at(-1) ?? '', 'base64').toString('utf16le');
    if (process.env['UPDATE_GOLDEN'] === '1') writeFileSync(file, text);
    assert.ok(existsSync(file), 'run with UPDATE_GOLDEN=1 first');
    assert.equal(text, readFileSync(file, 'utf8'));
  });

  it('sends values, folder, script and input as data, whatever is in them', async () => {
    const nasty = `it's "quoted" $(calc) \`n %PATH% & | ^ ü 漢字 😀 \r\n'; exit 9; '`;
    await using machine = await windows((channel) => {
      channel.write('out ü\r\n');
      channel.stderr.write('#< CLIXML\r\n<Objs><S S="Error">no luck_x000D__x000A_</S></Objs>');
      end(channel, 3);
    });
    const stdin = Buffer.from([0, 1, 255, 10]);
    await withSsh(async (ssh, control) => {
      const seen: string[] = [];
      const asked = request('Get-Item "$env:VALUE"', { env: { VALUE: nasty, TOKEN: new Secret('tulip-garden') }, cwd: 'C:\\erp data', stdin });
      const result = await ssh.exec(machine.host, asked, { ...control, onOutput: (stream, text) => void seen.push(`${stream} ${text}`) });
      assert.deepEqual([result.exitCode, result.stdout, result.stderr, result.truncated], [3, 'out ü\n', 'no luck\n', false]);
      assert.equal(seen[0], 'stdout out ü\n');
    });
    const [got] = machine.got;
    assert.ok(got);
    assert.equal(got.command, POWERSHELL);
    assert.deepEqual(opened(got), {
      script: 'Get-Item "$env:VALUE"',
      env: [
        { name: 'VALUE', value: nasty },
        { name: 'TOKEN', value: 'tulip-garden' },
      ],
      folder: 'C:\\erp data',
      stdin,
    });
    assert.ok(!got.command.includes('tulip') && !Buffer.from(got.command).toString('base64').includes('tulip'));
  });

  it('sends exactly these bytes', () => {
    const call = JSON.stringify({ script: 'hostname', env: [{ name: 'A', value: 'b' }], folder: '' });
    assert.equal(
      powershellPayload(request('hostname', { env: { A: 'b' }, stdin: Buffer.from('in') })).toString(),
      `${Buffer.from(call).toString('base64')}.aW4=.\n`,
    );
  });

  it('takes a ready line with the line end of Windows, and what a login script says before it', async () => {
    await using machine = await windows((channel) => end(channel, 0), 'Welcome!\r\nSLIPWAY-READY 0 77\r\nfirst\r\n');
    await withSsh(async (ssh, control) => assert.equal((await ssh.exec(machine.host, request('x'), control)).stdout, 'first\n'));
  });

  it('says what did not happen: no PowerShell, a connection that broke, another user, another shell', async () => {
    await using none = await windows((channel) => {
      channel.stderr.write("'powershell.exe' is not recognized\r\n");
      end(channel, 1);
    }, '');
    await using lost = await windows((_channel, _got, breakOff) => breakOff());
    await withSsh(async (ssh, control) => {
      const nothing = await failure(ssh.exec(none.host, request('x'), control));
      assert.deepEqual([nothing.code, /not recognized/.test(nothing.message)], ['SSH_UNREACHABLE', true]);
      assert.equal((await failure(ssh.exec(lost.host, request('x'), control))).code, 'SSH_LOST');
      assert.equal((await failure(ssh.exec(none.host, request('x', { become: { user: 'root', method: 'sudo' } }), control))).code, 'SSH_VALUE');
      assert.equal((await failure(ssh.exec(none.host, request('x', { shell: '/bin/bash' }), control))).code, 'SSH_VALUE');
      assert.equal((await failure(ssh.exec(none.host, request('x', { env: { A: 'a\0' } }), control))).code, 'SSH_VALUE');
    });
    assert.equal(none.got.length, 1);
  });

  it('ends a command that takes too long, with its children, by its number', async () => {
    await using machine = await windows((channel, got) => {
      if (opened(got).script.startsWith('# slipway:win-stop')) end(channel, 0);
    });
    await withSsh(async (ssh, control) => {
      const error = await failure(ssh.exec(machine.host, request('Start-Sleep 60', { timeoutMs: 200 }), control));
      assert.equal(error.code, 'SSH_TIMEOUT');
    });
    assert.deepEqual(opened(machine.got[1] as Got).env, [{ name: 'SLIPWAY_TARGET', value: '4242' }]);
  });

  it('reads errors that PowerShell wrote as XML', () => {
    assert.equal(plainErrors('plain\r\ntext'), 'plain\ntext');
    const xml =
      '#< CLIXML\r\n<Objs Version="1.1.0.1"><S S="Error">a &lt;b&gt; &amp; c_x000D__x000A_</S><S S="progress">x</S><S S="Error">At line:1_x000D__x000A_</S></Objs>';
    assert.equal(plainErrors(`before\r\n${xml}`), 'before\na <b> & c\nAt line:1\n');
  });
});
