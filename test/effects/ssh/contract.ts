import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { describe, it } from 'node:test';
import { digestOfBytes, Secret } from '../../../src/core/index.ts';
import { failure, request, type Target, withSsh } from './with-ssh.ts';

const NASTY = [
  'plain',
  '',
  `it's "quoted" and \\ back`,
  'two\nlines\n',
  '\n',
  '$(id) `id` ${HOME} $HOME !! ; & | < > * ? ~ #',
  ' leading and trailing \t',
  '-n',
  'snow ☃ Ü ß 漢字 😀 \u0081\u0088',
  "'; exit 9; '",
  '\r\n',
];

/** What every machine behind the port must do alike. */
export function contract(name: string, target: () => Target): void {
  describe(`SSH contract: ${name}`, () => {
    it('runs a script and reports output and exit code', async () => {
      await withSsh(async (ssh, control) => {
        const result = await ssh.exec(target().host, request('echo out; echo err >&2; exit 3'), control);
        assert.deepEqual([result.exitCode, result.stdout, result.stderr, result.truncated], [3, 'out\n', 'err\n', false]);
        assert.equal(result.signal, undefined);
      });
    });

    it('hands every value over exactly, as environment', async () => {
      await withSsh(async (ssh, control) => {
        for (const value of NASTY) {
          const { stdout, exitCode } = await ssh.exec(target().host, request('printf "%s" "$VALUE"', { env: { VALUE: value } }), control);
          assert.deepEqual([exitCode, stdout], [0, value]);
        }
      });
    });

    it('hands over 100 kB and many names', async () => {
      await withSsh(async (ssh, control) => {
        const big = "x'\n".repeat(33_333);
        const env = { BIG: big, ...Object.fromEntries(Array.from({ length: 50 }, (_, index) => [`NAME_${index}`, `value ${index}`])) };
        const { stdout } = await ssh.exec(target().host, request('printf "%s" "$BIG"; printf "%s" "$NAME_49"', { env }), control);
        assert.equal(stdout, `${big}value 49`);
      });
    });

    it('refuses what no process can receive, before anything is started', async () => {
      await withSsh(async (ssh, control) => {
        for (const env of [{ A: 'nul\0' }, { 'A B': 'x' }, { UID: '1' }, { A: 'x'.repeat(200_000) }]) {
          assert.equal((await failure(ssh.exec(target().host, request('true', { env: env as never }), control))).code, 'SSH_VALUE');
        }
      });
    });

    it('passes standard input, and an empty one when there is none', async () => {
      await withSsh(async (ssh, control) => {
        const bytes = randomBytes(300_000);
        const { stdout } = await ssh.exec(target().host, request('sha256sum', { stdin: bytes }), control);
        assert.equal(stdout.split(' ')[0], digestOfBytes(bytes).slice(7));
        assert.equal((await ssh.exec(target().host, request('cat'), control)).stdout, '');
      });
    });

    it('keeps the first and last bytes of long output, and says so', async () => {
      await withSsh(async (ssh, control) => {
        const stdin = Buffer.from(`first${'.'.repeat(500_000)}last`);
        const result = await ssh.exec(target().host, request('cat', { stdin, maxOutputBytes: 1_000 }), control);
        assert.equal(result.truncated, true);
        assert.equal(result.stdout.length, 1_000);
        assert.ok(result.stdout.startsWith('first.') && result.stdout.endsWith('.last'));
      });
    });

    it('replaces bytes that are no text', async () => {
      await withSsh(async (ssh, control) => {
        const { stdout } = await ssh.exec(target().host, request('cat', { stdin: Buffer.from([0x61, 0xff, 0x62]) }), control);
        assert.equal(stdout, 'a\ufffdb');
      });
    });

    it('streams output as it comes, whole characters only', async () => {
      await withSsh(async (ssh, control) => {
        const seen: string[] = [];
        const onOutput = (stream: string, text: string): void => void seen.push(`${stream}:${text}`);
        await ssh.exec(target().host, request('echo één; sleep 0.2; echo zwei >&2'), { ...control, onOutput });
        assert.equal(
          seen
            .filter((text) => text.startsWith('stdout'))
            .join('')
            .replaceAll('stdout:', ''),
          'één\n',
        );
        assert.equal(
          seen
            .filter((text) => text.startsWith('stderr'))
            .join('')
            .replaceAll('stderr:', ''),
          'zwei\n',
        );
      });
    });

    it('runs in a folder, and fails when there is none', async () => {
      await withSsh(async (ssh, control) => {
        const { folder, host } = target();
        assert.equal((await ssh.exec(host, request('pwd', { cwd: folder }), control)).stdout, `${folder}\n`);
        assert.equal((await ssh.exec(host, request('pwd', { cwd: '/no/such' }), control)).exitCode, 96);
      });
    });

    it('reports the signal that ended the script', async () => {
      await withSsh(async (ssh, control) => {
        const result = await ssh.exec(target().host, request('kill -9 $$'), control);
        assert.deepEqual([result.exitCode, result.signal], [null, 'SIGKILL']);
      });
    });

    it('ends a command that takes too long', async () => {
      await withSsh(async (ssh, control) => {
        const error = await failure(ssh.exec(target().host, request('sleep 60', { timeoutMs: 600 }), control));
        assert.deepEqual([error.code, error.retry], ['SSH_TIMEOUT', 'never']);
        assert.equal((await ssh.exec(target().host, request('echo still here'), control)).stdout, 'still here\n');
      });
    });

    it('ends a command that is aborted, and fails with the reason', async () => {
      await withSsh(async (ssh, control) => {
        const stop = new AbortController();
        const reason = new Error('cancelled by a test');
        setTimeout(() => stop.abort(reason), 500);
        await assert.rejects(ssh.exec(target().host, request('sleep 60'), { ...control, signal: stop.signal }), reason);
      });
    });

    it('runs many commands over one connection', async () => {
      await withSsh(async (ssh, control) => {
        const results = await Promise.all(
          Array.from({ length: 30 }, (_, index) => ssh.exec(target().host, request('sleep 0.1; echo "$N"', { env: { N: String(index) } }), control)),
        );
        assert.deepEqual(
          results.map(({ stdout }) => stdout.trim()),
          Array.from({ length: 30 }, (_, index) => String(index)),
        );
      });
    });

    it('writes a file whole and reads it back', async () => {
      await withSsh(async (ssh, control) => {
        const { folder, host } = target();
        const path = `${folder}/with space 'quote' ü`;
        assert.equal(await ssh.read(host, path, 100, control), undefined);
        const content = randomBytes(400_000);
        await ssh.write(host, { path, content, mode: 0o640 }, control);
        const read = await ssh.read(host, path, 1 << 20, control);
        assert.deepEqual([read?.mode, read?.digest, Buffer.compare(read?.content ?? Buffer.alloc(0), content)], [0o640, digestOfBytes(content), 0]);
        await ssh.write(host, { path, content: Buffer.alloc(0), mode: 0o600 }, control);
        const again = await ssh.read(host, path, 10, control);
        assert.deepEqual([again?.mode, again?.content.length], [0o600, 0]);
        assert.equal((await ssh.exec(host, request('ls', { cwd: folder }), control)).stdout.includes('.slipway-'), false);
      });
    });

    it('reads only so many bytes, with the digest of all', async () => {
      await withSsh(async (ssh, control) => {
        const path = `${target().folder}/long`;
        await ssh.write(target().host, { path, content: Buffer.from('0123456789'), mode: 0o644 }, control);
        const read = await ssh.read(target().host, path, 4, control);
        assert.deepEqual([Buffer.from(read?.content ?? []).toString(), read?.digest], ['0123', digestOfBytes('0123456789')]);
      });
    });

    it('does not write into a missing folder', async () => {
      await withSsh(async (ssh, control) => {
        const error = await failure(ssh.write(target().host, { path: '/no/such/file', content: Buffer.from('x'), mode: 0o644 }, control));
        assert.equal(error.code, 'SSH_FILE');
      });
    });

    it('refuses a host whose key is not known, and one whose key has changed', async () => {
      const { host } = target();
      const other = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGoHZ4xI2bYEGrN4FNVBsYsRDQYqNRl5Hd0kW8kYV4pK';
      await withSsh(async (ssh, control) => {
        const unknown = await failure(ssh.exec({ ...host, hostKeys: [] }, request('true'), control));
        assert.deepEqual([unknown.code, unknown.retry], ['SSH_HOST_KEY', 'never']);
        assert.match(unknown.message, /is not known: ssh-ed25519 SHA256:[A-Za-z0-9+/]{43}$/);
        assert.ok(unknown.hint?.includes(`[127.0.0.1]:${host.port} ${host.hostKeys[0]}`), unknown.hint);
      });
      await withSsh(async (ssh, control) => {
        const changed = await failure(ssh.exec({ ...host, hostKeys: [other] }, request('true'), control));
        assert.equal(changed.code, 'SSH_HOST_KEY');
        assert.match(changed.message, /has changed: saw ssh-ed25519 SHA256:.*, expected ssh-ed25519 SHA256:/);
      });
    });

    it('says that a login is refused, and that a machine is not there', async () => {
      const { host } = target();
      await withSsh(async (ssh, control) => {
        const error = await failure(ssh.exec({ ...host, login: { password: new Secret('wrong-password') } }, request('true'), control));
        assert.deepEqual([error.code, error.retry], ['SSH_AUTH', 'never']);
        assert.ok(!`${error.message} ${error.hint}`.includes('wrong-password'));
      });
      await withSsh(async (ssh, control) => {
        const error = await failure(ssh.exec({ ...host, port: 1 }, request('true'), control));
        assert.deepEqual([error.code, error.retry], ['SSH_UNREACHABLE', 'afterBackoff']);
      });
    });

    it('calls a command lost whose connection breaks, and connects again for the next', async () => {
      await withSsh(async (ssh, control) => {
        const running = failure(ssh.exec(target().host, request('echo started; sleep 30'), { ...control, onOutput: () => void target().dropConnections() }));
        // The rehearsed shell hands output over when it comes to the sleep, the real one at once; both are running by now.
        assert.equal((await running).code, 'SSH_LOST');
        assert.equal((await ssh.exec(target().host, request('echo again'), control)).stdout, 'again\n');
      });
    });

    it('dials once for first users that come together', async () => {
      await withSsh(async (ssh, control) => {
        const results = await Promise.all(Array.from({ length: 5 }, () => ssh.exec(target().host, request('echo "$SSH_CONNECTION" | wc -l'), control)));
        assert.equal(results.length, 5);
      });
    });
  });
}
