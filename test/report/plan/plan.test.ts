import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { stripVTControlCharacters } from 'node:util';
import fc from 'fast-check';
import { digestOf } from '../../../src/core/index.ts';
import { sealPlan, verifyPlan } from '../../../src/plan/index.ts';
import { MARKDOWN_LIMIT, planJson, planMarkdown, planText } from '../../../src/report/index.ts';
import { bodyOf, graphOf } from '../../plan/fixture.ts';
import { changes, story } from './story.ts';

/** Compare with a file; UPDATE_GOLDEN=1 writes it anew, and the change is then reviewed like code. */
function golden(name: string, written: string): void {
  // Digests follow from everything in a plan; their length matters here, their digits do not.
  const actual = written.replaceAll(/sha256:[0-9a-f]{64}/g, `sha256:${'0123456789abcdef'.repeat(4)}`);
  const file = new URL(`../../golden/plan/${name}`, import.meta.url);
  if (process.env['UPDATE_GOLDEN'] === '1') writeFileSync(file, actual);
  assert.equal(actual, readFileSync(file, 'utf8'));
}
const allowed = { decision: 'allow', findings: [] } as const;
const evil = '\u001B[2J\u202E @everyone <img src=x onerror=alert(1)> `x` | [a](http://evil) #1 *b*\u0007\r\n## x';

describe('plan as text', () => {
  it('reads well', () => golden('plan.txt', planText(story(), { planFile: 'plan.json' })));
  it('reads well on a narrow terminal', () => golden('plan-60.txt', planText(story({ verdict: allowed }), { width: 60, details: 3 })));
  it('reads well when denied', () => {
    const findings = [{ level: 'deny', rule: 'baseline.open', msg: 'the port 22 is open to everybody', id: digestOf('x') }] as const;
    golden('plan-denied.txt', planText(story({ verdict: { decision: 'deny', findings }, rehearsal: false, previews: {} })));
  });

  it('keeps to the width, except for digests, commands and names', () => {
    for (const width of [60, 80, 120]) {
      const long = planText(story(), { width })
        .split('\n')
        .filter((line) => line.length > width && !/sha256:|^next/.test(line));
      assert.deepEqual(long, [], `${width}`);
    }
  });

  it('says the same with colour', () => {
    const coloured = planText(story(), { colour: true });
    assert.notEqual(coloured, planText(story()));
    assert.equal(stripVTControlCharacters(coloured), planText(story()));
  });

  it('cannot be made to move the cursor', () => {
    const graph = graphOf(`phases: [{id: p, type: custom, steps: [{id: a, name: ${JSON.stringify(evil)}, run: x, hosts: web}]}]`);
    const text = planText(
      sealPlan(
        bodyOf(graph, {
          inputs: { values: { x: evil }, secrets: [] },
          verdict: { decision: 'deny', findings: [{ level: 'deny', rule: evil, msg: evil, at: evil, hint: evil, id: digestOf('x') }] },
          previews: { 'p/a': { type: 'hosts', hosts: [{ host: 'web-1', verdict: 'wouldChange', detail: `${evil}\nsecond` }] } },
        }),
      ),
    );
    // oxlint-disable-next-line no-control-regex -- that is the point
    assert.doesNotMatch(text, /[\u0000-\u0009\u000B-\u001F\u007F-\u009F\u202A-\u202E]/);
  });
});

describe('plan as Markdown', () => {
  it('reads well', () => golden('plan.md', planMarkdown(story(), { planFile: 'plan.json' })));

  it('cannot be broken out of', () => {
    const graph = graphOf(`phases: [{id: p, type: custom, steps: [{id: a, name: ${JSON.stringify(evil)}, run: x, hosts: web}]}]`);
    const hosts = [{ host: 'web-1', verdict: 'wouldChange', detail: `${evil}\n\`\`\`\`\n</details><script>` }] as const;
    const text = planMarkdown(
      sealPlan(
        bodyOf(
          { ...graph, metadata: { name: 'x', description: evil } },
          {
            verdict: { decision: 'deny', findings: [{ level: 'deny', rule: evil, msg: evil, at: evil, hint: evil, id: digestOf('x') }] },
            inputs: { values: { x: evil }, secrets: [] },
            previews: { 'p/a': { type: 'hosts', hosts }, 'p/a[1]': { type: 'note', text: evil } },
          },
        ),
      ),
    );
    const outside = withoutCode(text);
    assert.doesNotMatch(outside, /<(?!\/?details>|\/?summary>)/);
    assert.doesNotMatch(outside, /@(?!\u200B)/);
    assert.doesNotMatch(outside, /https?:\/\//);
    assert.doesNotMatch(outside, /^## /m);
    assert.equal(outside.match(/<details>/g)?.length, outside.match(/<\/details>/g)?.length);
  });

  it('fits into a comment, shortens previews first, and says so', () => {
    const many = (count: number) =>
      story({
        verdict: allowed,
        previews: Object.fromEntries(
          Array.from({ length: count }, (_, index) => [
            `provision/network[${index}]`,
            {
              type: 'stack' as const,
              stack: `shop-net/prod-${index}`,
              operation: 'up' as const,
              stateDigest: digestOf(index),
              preview: {
                changes: Array.from({ length: 40 }, (__, item) => ({ ...(changes[0] ?? assert.fail()), name: `resource-${index}-${item}` })),
                counts: { create: 40 },
                warnings: [],
                approximate: false,
              },
            },
          ]),
        ),
      });
    for (const [count, note] of [
      [1, undefined],
      [45, /Previews are shortened/],
      [350, /Previews are left out/],
      [3_000, /Steps and previews are left out/],
    ] as const) {
      const text = planMarkdown(many(count));
      assert.ok(text.length <= MARKDOWN_LIMIT, `${count}: ${text.length}`);
      assert.match(text, /Plan for shop-to-cloud: allowed/);
      assert.match(text, /sha256:/);
      if (note) assert.match(text, note, `${count}`);
      else assert.doesNotMatch(text, /to fit into a comment/);
    }
  });

  it('fits whatever the findings are', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 400 }), fc.string({ minLength: 0, maxLength: 40_000 }), (count, msg) => {
        const findings = Array.from({ length: count }, (_, index) => ({
          level: 'deny' as const,
          rule: `a.b${index}`,
          msg: msg.slice(0, 8_000),
          id: digestOf(index),
        }));
        assert.ok(planMarkdown(story({ verdict: { decision: 'deny', findings } })).length <= MARKDOWN_LIMIT);
      }),
      { numRuns: 15 },
    );
  });
});

/** What is left when code blocks and spans are taken out. */
function withoutCode(text: string): string {
  const lines: string[] = [];
  let fence: string | undefined;
  for (const line of text.split('\n')) {
    const ticks = /^\s*(`{3,})/.exec(line)?.[1];
    if (fence === undefined && ticks !== undefined) fence = ticks;
    else if (fence !== undefined && line.trim() === fence) fence = undefined;
    else if (fence === undefined) lines.push(line.replaceAll(/(?<!\\)`[^`]*`/g, ''));
  }
  assert.equal(fence, undefined, 'every block is closed');
  return lines.join('\n');
}

describe('plan as JSON', () => {
  it('is the plan, which can be applied, and a summary', () => {
    const bundle = story();
    const json = planJson(bundle, { planFile: 'plan.json' });
    assert.equal(verifyPlan(json).digest, bundle.digest);
    const { summary } = json as unknown as { summary: { next: string[]; changes: unknown; rollback: { pointOfNoReturn: unknown } } }; // as documented
    assert.match(summary.next[0] ?? '', /^slipway apply plan\.json --override sha256:/);
    assert.deepEqual(summary.changes, { steps: 8, hosts: 5, stacks: 2, resources: { create: 3, update: 1, delete: 1, same: 1 }, approximate: true });
    assert.deepEqual(summary.rollback.pointOfNoReturn, { phase: 'retire', path: 'retire/drop' });
  });
});
