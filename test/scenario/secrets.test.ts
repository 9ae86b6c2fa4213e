import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { inventoryOf, runbookOf } from './files.ts';
import { openMachine } from './machine.ts';
import { live, openSite, type Site } from './site.ts';
import { eventsIn } from './support.ts';
import { filesBelow, formsOf, tracesBelow, tracesIn } from './traces.ts';

/** A secret never appears in a persisted or printed byte (I11). */

/** With characters that JSON, URLs and shells write differently. */
const CANARY = 'Zq7"w/X+ 9%Lm\\Tp2#vR';
const POLICY = `package slipway.site

deny contains {"msg": "nobody answers for it"} if not input.runbook.owner
`;
const STACK = `import { Parameter } from '@pulumi/aws/ssm/parameter.js';
import { Config } from '@pulumi/pulumi';

export async function program() {
  const password = new Config().requireSecret('password');
  const parameter = new Parameter('password', { type: 'SecureString', value: password });
  return { password: parameter.value, note: password.apply((text) => 'the password is ' + text), plain: 'open' };
}
`;
const INPUTS = { password: { type: 'string', secret: true } };
const PASSWORD = '${{ inputs.password }}';
const FROM_STACK = '${{ steps.stack.outputs.outputs.password }}';
const run = (id: string, text: string, env: object, more: object = {}): object => ({ id, run: text, env, hosts: 'web', idempotency: 'safe', ...more });

/** What was printed by all commands so far, and by the machines. */
interface Heard {
  readonly say: (code: number, args: readonly string[]) => Promise<string>;
  readonly all: () => string;
}

function hear(site: Site): Heard {
  let all = '';
  const say: Heard['say'] = async (code, args) => {
    const { stdout, stderr } = await site.run(code, args, { env: { SITE_PASSWORD: CANARY } });
    all += stdout + stderr;
    return stdout;
  };
  return { say, all: () => all };
}

/** Everything a person may ask about a run, printed. */
async function askAll({ say }: Heard, id: string, exit: number): Promise<void> {
  for (const args of [
    ['status', id],
    ['status', id, '--json'],
    ['status', id, '--markdown'],
    ['show', id],
    ['logs', id],
    ['logs', id, '--json'],
  ])
    await say(0, args);
  await say(exit, ['watch', id]);
  await say(0, ['journal', 'export', id]);
  await say(0, ['runs', '--json']);
}

/** A folder for all that a test and its processes write, temporary files included. */
function everything(): { readonly dir: string; readonly env: { readonly [name: string]: string } } & Disposable {
  const dir = mkdtempSync(join(tmpdir(), 'slipway-secrets-'));
  mkdirSync(join(dir, 'tmp'));
  return { dir, env: { TMPDIR: join(dir, 'tmp') }, [Symbol.dispose]: () => rmSync(dir, { recursive: true, force: true }) };
}

const SECRET = ['--secret', 'password=env:SITE_PASSWORD'];

describe('a secret', { concurrency: 2 }, () => {
  test('would be found, in every form', () => {
    using here = everything();
    for (const [form, text] of formsOf(CANARY)) {
      assert.ok(text.length >= 8, `${form} is too short to mean anything`);
      writeFileSync(join(here.dir, 'tmp', 'leak'), `before ${text} after`);
      assert.ok(tracesBelow(here.dir, CANARY).some((trace) => trace.endsWith(`: ${form}`)));
    }
    for (const offset of [0, 1, 2])
      assert.notDeepEqual(tracesIn(Buffer.from(Buffer.from(`${'x'.repeat(offset)}${CANARY}yy`).toString('base64')), CANARY, 'encoded'), []);
  });

  test('of a rehearsal is in no file and no output: stack config and outputs, commands, copied files, headers, failures, the way back', async () => {
    using here = everything();
    const steps = [
      {
        id: 'stack',
        uses: 'pulumi.up',
        with: { stack: 'vault/test', config: { 'aws:region': 'eu-central-1', password: PASSWORD } },
        compensate: [{ uses: 'pulumi.destroy', with: { stack: 'vault/test' } }],
      },
      run(
        'talk',
        'echo "it is $TOKEN"; echo "oh no: $TOKEN" >&2',
        { TOKEN: PASSWORD },
        { compensate: [run('untalk', 'echo "it was $TOKEN"', { TOKEN: PASSWORD })] },
      ),
      run('pass-on', 'echo "from the stack: $TOKEN"; echo "$NOTE"', { TOKEN: FROM_STACK, NOTE: '${{ steps.stack.outputs.outputs.note }}' }),
      { id: 'file', uses: 'ssh.copy', hosts: 'web', with: { content: 'password = ${{ inputs.password }}', dest: '/etc/app/secret.conf', mode: '0600' } },
      run('show', 'cat /etc/app/secret.conf', {}),
      { id: 'ask', uses: 'check.http', with: { url: 'http://web-1:8080/health', headers: { authorization: 'Bearer ${{ inputs.password }}' } } },
      { id: 'call', uses: 'runbook.call', with: { runbook: 'inner', inputs: { password: FROM_STACK } } },
      run('stumble', 'echo "bad password $TOKEN" >&2; exit 3', { TOKEN: PASSWORD }, { onFailure: 'continue', retry: { attempts: 1 } }),
      run('fall', 'echo "worse password $TOKEN" >&2; exit 4', { TOKEN: PASSWORD }, { retry: { attempts: 1 } }),
    ];
    const vars = { rehearsal: { services: { app: 'running' }, http: [{ port: 8080, service: 'app', side: 'baseline' }] } };
    const inventory = {
      apiVersion: 'slipway/v1',
      kind: 'Inventory',
      metadata: { name: 'site' },
      hosts: { 'web-1': { vars } },
      groups: { web: { hosts: ['web-1'] } },
    };
    using site = openSite(
      {
        'runbooks/estate.yaml': JSON.stringify(inventory),
        'runbooks/outer.yaml': runbookOf({
          name: 'outer',
          inputs: INPUTS,
          steps,
          outputs: { password: FROM_STACK },
          rollback: { on: ['stepFailed'], budget: '5m' },
        }),
        'runbooks/inner.yaml': runbookOf({
          name: 'inner',
          inputs: INPUTS,
          steps: [run('whisper', 'echo "psst $TOKEN"', { TOKEN: PASSWORD })],
        }),
        'stacks/vault/index.ts': STACK,
        'policies/rules.rego': POLICY,
      },
      here.env,
    );
    const heard = hear(site);
    await heard.say(0, ['plan', 'outer', '--rehearse', '--out', join(here.dir, 'plan.json'), ...SECRET]);
    await heard.say(0, ['show', join(here.dir, 'plan.json')]);
    await heard.say(13, ['rehearse', 'outer', ...SECRET]);
    const events = eventsIn(site.home);
    const runs = [...new Set(events.map(({ run: id }) => id))];
    const outer = events.find(({ body }) => body.type === 'childFinished')?.run;
    assert.equal(runs.length, 2, 'the outer and the inner run');
    await askAll(heard, runs.find((id) => id === outer) ?? '', 13);
    await askAll(heard, runs.find((id) => id !== outer) ?? '', 0);
    for (const told of ['it is [secret]', 'oh no: [secret]', 'from the stack: [secret]', 'psst [secret]', 'bad password [secret]', 'it was [secret]'])
      assert.ok(heard.all().includes(told), `"${told}" was not said\n${heard.all()}`);
    assert.deepEqual(tracesIn(Buffer.from(heard.all()), CANARY, 'output'), [], heard.all());
    assert.ok(filesBelow(site.home).some((file) => file.includes('journal.db')));
    assert.deepEqual([...tracesBelow(join(site.home, '..'), CANARY), ...tracesBelow(here.dir, CANARY)], []);
  });

  test('of a real run reaches the machine and the service, and nothing else', async () => {
    using here = everything();
    await using machine = await openMachine();
    const asked: (string | undefined)[] = [];
    const server = createServer((request, response) => {
      asked.push(request.headers.authorization);
      response.end('{}');
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`; // a TCP server that listens has a port
    const env = { TOKEN: PASSWORD, DIR: machine.folder };
    const steps = [
      run(
        'talk',
        `printf '%s' "$TOKEN" > "$DIR/token"; printf 'it is %s\\n' "$TOKEN"; printf 'x%s' "$TOKEN" | base64; printf 'in two '; printf '%s\\n' "$TOKEN"`,
        env,
      ),
      { id: 'ask', uses: 'check.http', with: { url, headers: { authorization: 'Bearer ${{ inputs.password }}' } } },
      { id: 'go', uses: 'wait.signal', with: { name: 'go' } },
      run('remember', 'cat "$DIR/token"; echo', { DIR: machine.folder }),
      run('fed', 'cat', {}, { run: undefined, env: undefined, uses: 'ssh.run', with: { cmd: 'cat', stdin: PASSWORD } }),
    ];
    using site = openSite(
      {
        'runbooks/estate.yaml': inventoryOf(machine),
        'runbooks/work.yaml': runbookOf({ name: 'work', inputs: INPUTS, steps }),
        'policies/rules.rego': POLICY,
      },
      { ...here.env, ...machine.env },
    );
    const heard = hear(site);
    const first = await live(site, ['apply', 'work', '--yes', ...SECRET], { env: { SITE_PASSWORD: CANARY } });
    await first.sees('stepWaiting', 'work/go');
    // Whoever takes over was never given the secret, and one of its steps prints what another one left on the machine.
    first.started.child.kill('SIGKILL');
    await first.ended;
    await heard.say(0, ['signal', first.id, 'go']);
    await heard.say(0, ['resume', first.id]);
    server.close();
    await askAll(heard, first.id, 0);
    assert.equal(await machine.read('token'), CANARY);
    assert.deepEqual(asked, [`Bearer ${CANARY}`]);
    assert.ok(heard.all().includes('it is [secret]') && heard.all().includes('in two [secret]'), heard.all());
    assert.deepEqual(tracesIn(Buffer.from(heard.all() + first.started.said()), CANARY, 'output'), [], heard.all());
    assert.deepEqual([...tracesBelow(join(site.home, '..'), CANARY), ...tracesBelow(here.dir, CANARY)], []);
  });
});
