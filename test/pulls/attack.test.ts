import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { SlipwayError } from '../../src/core/index.ts';
import { GITHUB } from '../githost/dialects.ts';
import { saying } from './estate.ts';
import { playStacks } from './played-stacks.ts';
import { CANARY } from './served.ts';
import { type LoopSite, openLoopSite } from './site.ts';

const STACK = `      - { id: up, uses: pulumi.up, with: { stack: net/dev } }\n`;
/** What every machine has, and no comment may show. */
const PASSWD = /root:[^:]*:0:0:/;

// What a pull request may try. Forks and changes of their own policies are in trust.test.ts, of their own code owners in rules.test.ts.
suite('pull requests that attack', () => {
  let site: LoopSite;
  const stacks = playStacks();
  before(async () => {
    site = await openLoopSite(GITHUB, {
      stacks: stacks.port,
      files: { 'runbooks/net.yaml': saying('net', 'lab', 'net', STACK), 'stacks/net/index.ts': 'export async function program() { return {}; }\n' },
    });
  });
  after(() => site?.[Symbol.asyncDispose]());
  /** Everything that people can read at the host, and the log. */
  const seen = (): string => {
    const { repository } = site.git;
    const statuses = [...repository.statuses.values()].flat();
    const remarks = repository.pulls.flatMap((pull) => site.remarks(pull.number).map(({ text }) => text));
    return [...remarks, ...statuses.map((status) => JSON.stringify(status)), JSON.stringify(site.logged)].join('\n');
  };

  test('names of branches, files and runbooks are only names: nothing is run, and nothing is markup or a mention', async () => {
    const evil = `x|<img-src=x/onerror=alert(1)>\`$(touch\${IFS}pwned)\`@bert`;
    const file = `runbooks/${evil.replaceAll('/', '')}.yaml`;
    const number = await site.propose(`b-$(touch\${IFS}pwned);<img-src=x>@bert`, {
      [file]: saying('hello2', 'lab', '<img src=x onerror=alert(2)> @bert `x` | y'),
      'runbooks/bad.yaml': saying(`"<script>|$(id)@bert"`, 'lab', 'x'),
    });
    const told = await site.comment(number, /2 mistakes|1 mistake|mistake/);
    assert.match(told, /hello2|onerror/, 'it is told');
    assertPlain(told);
    const fixed = await site.propose('fixed', { [file]: saying('hello2', 'lab', '<img src=x onerror=alert(2)> @bert `x` | y') });
    const planned = await site.comment(fixed, /1 planned/);
    const row = planned.split('\n').find((line) => line.startsWith('| ') && line.includes('hello2')) ?? '';
    assert.equal(row.replaceAll('\\|', '').split('|').length, 9, row);
    assertPlain(planned);
    const answer = await site.say(site.git.ada, fixed, 'slipway plan -r $(touch${IFS}pwned)<img/src=x>@bert');
    assertPlain(answer.text);
    for (const status of [...site.git.repository.statuses.values()].flat()) assert.doesNotMatch(`${status.context}${status.description}`, /[\r\n]/);
    assert.ok(![site.dir, process.cwd(), site.git.repository.folder].some((folder) => existsSync(join(folder, 'pwned'))));
    assert.ok(!readdirSync(site.dir, { recursive: true }).some((name) => String(name).endsWith('pwned')));
  });

  test('paths and links that lead out of the repository are refused or lead nowhere', async () => {
    const copy = (src: string): string => `      - { id: copy, uses: ssh.copy, hosts: web, with: { src: '${src}', dest: /etc/x } }\n`;
    const out = await site.propose('out', {
      'runbooks/hello.yaml': saying('hello', 'lab', 'x', copy('../../../../../../etc/passwd')),
      'runbooks/auto.yaml': saying('auto', 'lab', 'x', copy('/etc/passwd')),
    });
    assert.match(await site.comment(out, /is outside of the repository/), /"\/etc\/passwd" is absolute/);
    const program = await site.propose('program', { 'runbooks/hello.yaml': saying('hello', 'lab', 'x', STACK.replace('net/dev', `'../../../etc/dev'`)) });
    await site.comment(program, /1 mistake/);
    const links = await site.propose('links', {
      'runbooks/out.yaml': '->../../../../../../../../etc/passwd',
      'runbooks/absolute.yaml': '->/etc/passwd',
      'files/out': '->/etc/passwd',
      'runbooks/hello.yaml': saying('hello', 'lab', 'x', copy('files/out')),
    });
    await site.comment(links, /Slipway/);
    await site.quiet();
    assert.doesNotMatch(seen(), PASSWD);
    for (const { kept } of await evidence(site)) assert.doesNotMatch(kept, PASSWD);
  });

  test('a program that throws or names its secrets when it is previewed has them told to nobody', async () => {
    stacks.failing = new SlipwayError('PULUMI_PROGRAM', `the program of the stack failed: ${CANARY}`, { hint: `or ${CANARY}` });
    const thrown = await site.propose('thrower', { 'runbooks/net.yaml': saying('net', 'lab', 'thrown', STACK) });
    assert.match(await site.comment(thrown, /the program of the stack failed/), /failed: ..?secret/);
    await site.status(thrown, 'slipway: net', 'failure');
    stacks.failing = undefined;
    stacks.changing.push(`box-${CANARY}`);
    const named = await site.propose('namer', { 'runbooks/net.yaml': saying('net', 'lab', 'named', STACK) });
    await site.comment(named, /tells a secret of this server, and is not shown/);
    assert.match((await site.say(site.git.ada, named, 'slipway apply')).text, /⛔/);
    stacks.changing.length = 0;
    assert.match((await site.say(site.git.ada, named, 'slipway plan')).text, /✅ planned/, 'and once it does not, it can be planned');
    assert.ok(!seen().includes(CANARY));
    for (const { name, kept } of await evidence(site)) assert.ok(!kept.includes(CANARY), name);
  });
});

/** Outside of code, where a host shows letters as they are, there is no element and nobody is called. */
function assertPlain(text: string): void {
  const words = text.replaceAll(/`[^`\n]+`/g, '');
  assert.doesNotMatch(words, /<(?!\/?(?:details|summary)>)/);
  assert.doesNotMatch(words, /(?:^|[^/])@bert/m);
}

/** Every file that the server keeps: journal, store, evidence. */
async function evidence({ dir }: LoopSite): Promise<readonly { readonly name: string; readonly kept: string }[]> {
  const folder = join(dir, 'state');
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return files.map((entry) => ({ name: entry.name, kept: readFileSync(join(entry.parentPath, entry.name), 'latin1') }));
}
