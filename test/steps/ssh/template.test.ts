import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import fc from 'fast-check';
import { Secret } from '../../../src/core/index.ts';
import type { HostContext, SshPort } from '../../../src/steps/index.ts';
import { sshFacts, sshTemplate } from '../../../src/steps/ssh/index.ts';
import { checkBlocks } from '../../../src/steps/ssh/template/check.ts';
import { parseBlocks } from '../../../src/steps/ssh/template/parse.ts';
import { renderBlocks } from '../../../src/steps/ssh/template/render.ts';
import { scopeOf } from '../../../src/steps/ssh/template/scope.ts';
import { hostKind } from '../../support/host-kind.ts';
import { type Rehearsed, rehearse } from '../../support/rehearsed.ts';
import { failsWith, host } from '../context.ts';

const kind = hostKind(sshTemplate);

/** The text, or every mistake. */
function rendered(text: string, vars: Parameters<typeof scopeOf>[0] = {}): string | readonly string[] {
  const { scope, types } = scopeOf(vars, host, undefined);
  const { blocks, problems } = parseBlocks(text);
  const all = [...problems, ...(problems.length > 0 ? [] : checkBlocks(blocks, types))];
  if (all.length > 0) return all.map(({ line, message }) => `${line}: ${message}`);
  const result = renderBlocks(blocks, scope);
  if (result.problems.length > 0) return result.problems.map(({ line, message }) => `${line}: ${message}`);
  return result.pieces.map((piece) => (typeof piece === 'string' ? piece : '[secret]')).join('');
}

describe('the language of templates', () => {
  const cases: readonly (readonly [string, Parameters<typeof scopeOf>[0], string | readonly string[]])[] = [
    ['plain\n', {}, 'plain\n'],
    ['port = ${{ vars.port }}\n', { port: 80 }, 'port = 80\n'],
    ['${{ host.name }} ${{ vars.on }}', { on: true }, 'lb-1 true'],
    ['$${{ stays }} $HOME ${X}\r\n', {}, '${{ stays }} $HOME ${X}\r\n'],
    ['${{# if vars.tls }}\ntls\n  ${{# else }}\nplain\n${{# end }}\nend', { tls: true }, 'tls\nend'],
    ['${{# if vars.n > 2 }}\nbig\n${{# elif vars.n == 2 }}\ntwo\n${{# else }}\nsmall\n${{# end }}\n', { n: 2 }, 'two\n'],
    ['${{# for s in vars.list }}\n${{ index }}:${{ s.name }}\n${{# end }}\n', { list: [{ name: 'a' }, { name: 'b' }] }, '0:a\n1:b\n'],
    ['${{# for s in vars.list }}\n${{# if s != "b" }}\n${{ s }};\n${{# end }}\n${{# end }}', { list: ['a', 'b', 'c'] }, 'a;\nc;\n'],
    ['a ${{ vars.prt }}\nb ${{ vars.port }}', { port: 1 }, ['1: unknown member "prt" of vars']],
    ['${{ host.vars.missing }}\n${{ host.vars.also ?? "x" }}', {}, ['1: host.vars.missing has no value here']],
    ['${{# if vars.port }}\n${{# end }}', { port: 1 }, ['1: a condition is true or false, not number']],
    ['${{# for x in vars.port }}\n${{# end }}', { port: 1 }, ['1: for needs a list, not number']],
    ['${{# if true }}\nx', {}, ['1: "if" has no "end"']],
    ['x\n${{# end }}\ny ${{ ( }}', {}, ['2: there is no block that "end" belongs to', '3: an expression ends too early']],
    ['${{# while true }}\n', {}, ['1: unknown statement "while"']],
    ['${{# for vars in [1] }}\n${{# end }}', {}, ['1: "vars" cannot be the name of an item']],
    ['${{# else }}\n', {}, ['1: there is no block that "else" belongs to']],
    ['p=${{ vars.password }}', { password: new Secret('tulip-garden') }, 'p=[secret]'],
    ['${{# if vars.password == "x" }}\n${{# end }}', { password: new Secret('tulip-garden') }, ['1: "==" cannot look inside a secret']],
    ['${{ vars.list }}', { list: [1] }, ['1: a list cannot be put inside text']],
  ];
  for (const [text, vars, expected] of cases) {
    it(JSON.stringify(text), () => {
      const found = rendered(text, vars);
      if (typeof expected === 'string' || typeof found === 'string') return assert.deepEqual(found, expected);
      // Words of the expression language are tested where it lives.
      assert.deepEqual(
        found.map((problem) => problem.split(':')[0]),
        expected.map((problem) => problem.split(':')[0]),
      );
      if (!text.includes('( }}') && !text.includes('==') && !text.includes('vars.list }}')) assert.deepEqual(found, expected);
    });
  }

  it('ends for any text, and says a mistake rather than throw', () => {
    const words = [
      '${{',
      '}}',
      '#',
      ' if ',
      ' for x in ',
      ' end ',
      ' else ',
      'vars',
      '.a',
      '\n',
      '"',
      '$${{',
      '[',
      ']',
      '${{# end }}\n',
      '${{# if true }}\n',
      'x',
    ];
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...words), { maxLength: 30 }), (parts) => {
        assert.notEqual(rendered(parts.join(''), { a: [1, 2] }), undefined);
      }),
      { numRuns: 300 },
    );
  });

  it('stops what would grow without end', () => {
    const list = Array.from({ length: 1_000 }, (_, index) => index);
    const nested = `${'${{# for a in vars.list }}\n'.repeat(3)}x\n${'${{# end }}\n'.repeat(3)}`;
    assert.match(String(rendered(nested, { list })), /takes more than 100000 steps/);
    const deep = `${'${{# if true }}\n'.repeat(5_000)}`;
    assert.match(String(rendered(deep)), /nested deeper than 20/);
  });
});

describe('ssh.template', () => {
  let checkout: string;
  before(async () => {
    checkout = await mkdtemp(join(tmpdir(), 'slipway-template-'));
    await writeFile(
      join(checkout, 'app.tpl'),
      'name = ${{ host.name }}\nport = ${{ vars.port }}\n${{# if facts.osFamily == "debian" }}\nuser = www-data\n${{# end }}\n',
    );
    await writeFile(join(checkout, 'secret.tpl'), 'password = ${{ vars.password }}\nport = 1\n');
    await writeFile(join(checkout, 'broken.tpl'), '${{ vars.a }}\n${{ vars.b }}\n');
  });
  after(() => rm(checkout, { recursive: true }));
  const run = (box: Rehearsed, raw: object) => kind.executeHost(raw, box.context('web', {}, checkout));
  const look = async (box: Rehearsed, raw: object) => (await kind.preview(raw, box.preview(['web'], {}, checkout)))[0];

  it('writes what the template says for this host, once', async () => {
    await using box = await rehearse({ web: { files: { '/etc/app': 'name = web\nport = 1\n' } } });
    const wanted = { src: 'app.tpl', dest: '/etc/app', vars: { port: 8080 } };
    assert.equal((await look(box, wanted))?.detail, '--- /etc/app\n+++ /etc/app\n@@ -1,2 +1,3 @@\n name = web\n-port = 1\n+port = 8080\n+user = www-data');
    assert.equal((await run(box, wanted)).status, 'changed');
    assert.equal((await box.exec('web', 'cat /etc/app')).stdout, 'name = web\nport = 8080\nuser = www-data\n');
    assert.equal((await run(box, wanted)).status, 'ok');
    assert.deepEqual(await kind.probeHost(wanted, box.context('web', {}, checkout)).then(({ verdict }) => verdict), 'done');
  });

  it('asks for facts at most once a run', async () => {
    await using box = await rehearse({ web: {} });
    let asked = 0;
    const ssh: SshPort = {
      ...box.ssh,
      exec: (to, request, control) => {
        if (request.script.startsWith('# slipway:facts')) asked++;
        return box.ssh.exec(to, request, control);
      },
    };
    const context = (): HostContext => ({ ...box.context('web', {}, checkout), ports: { ...box.context('web').ports, ssh } });
    await hostKind(sshFacts).executeHost({}, context());
    await kind.executeHost({ src: 'app.tpl', dest: '/etc/app', vars: { port: 1 } }, context());
    assert.match((await hostKind(sshFacts).executeHost({}, context())).summary ?? '', /told earlier in the run/);
    assert.equal(asked, 1);
    await hostKind(sshFacts).executeHost({ fresh: true }, context());
    assert.equal(asked, 2);
  });

  it('never shows a secret', async () => {
    await using box = await rehearse({ web: { files: { '/etc/app': 'password = old\nport = 1\n' } } });
    const wanted = { src: 'secret.tpl', dest: '/etc/app', vars: { password: new Secret('tulip-garden') } };
    assert.equal((await look(box, wanted))?.detail, 'secret content: 24 → 33 bytes');
    await run(box, wanted);
    assert.equal((await box.exec('web', 'cat /etc/app')).stdout, 'password = tulip-garden\nport = 1\n');
  });

  it('says every mistake of a template, before anything is touched', async () => {
    await using box = await rehearse({ web: {} });
    await assert.rejects(run(box, { src: 'broken.tpl', dest: '/etc/app' }), failsWith('TEMPLATE', /line 1: unknown member "a".*line 2: unknown member "b"/));
    assert.equal((await look(box, { src: 'broken.tpl', dest: '/etc/app' }))?.verdict, 'unknown');
    assert.deepEqual(box.world.ledger(), []);
  });

  it('has the draft judged before it replaces the file', async () => {
    await using box = await rehearse({
      web: { files: { '/etc/app': 'old\n' }, faults: [{ match: '^# slipway:accept', effect: 'exit', exit: 65, stderr: 'line 1: nonsense\n' }] },
    });
    const wanted = { src: 'app.tpl', dest: '/etc/app', vars: { port: 2 }, validate: ['appctl', 'check', '{file}'] };
    await assert.rejects(run(box, wanted), failsWith('SSH_VALIDATE', /appctl refuses the draft of \/etc\/app on web: line 1: nonsense/));
    assert.equal((await box.exec('web', 'cat /etc/app')).stdout, 'old\n');
  });
});
