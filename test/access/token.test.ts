import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { inspect } from 'node:util';
import fc from 'fast-check';
import { isTokenOf, isWithin, makeToken, parseScope, prefixOf, type Scope, scopeText } from '../../src/access/index.ts';
import { ACCESS_ACTIONS, fitsPattern } from '../../src/runbook/index.ts';

const made = () => makeToken({ name: 'ci', scopes: [{ action: 'run.start' }], createdAt: 0, createdBy: 'user:ada', expiresAt: 1_000 });

describe('a token', () => {
  test('is found by its public part and known by its secret one, until it ends', () => {
    const { text, record } = made();
    const whole = text.reveal();
    assert.equal(prefixOf(whole), record.prefix);
    assert.equal(isTokenOf(record, whole, 999), true);
    assert.equal(isTokenOf(record, whole, 1_000), false);
    assert.equal(isTokenOf({ ...record, revokedAt: 5 }, whole, 10), false);
    assert.equal(isTokenOf(record, made().text.reveal(), 10), false);
  });

  test('cannot be read back from what is kept, nor printed', () => {
    const { text, record } = made();
    const secret = text.reveal().split('_')[2] ?? '';
    assert.equal(secret.length, 40);
    assert.doesNotMatch(JSON.stringify(record), new RegExp(secret));
    assert.doesNotMatch(inspect(text), new RegExp(secret));
  });

  test('is nothing else', () => {
    const { text, record } = made();
    const whole = text.reveal();
    for (const wrong of ['', 'slw_', whole.slice(0, -1), `${whole}0`, whole.toUpperCase(), ` ${whole}`, `${whole}\n`, whole.replace('slw', 'sla')]) {
      assert.equal(prefixOf(wrong), undefined, wrong);
      assert.equal(isTokenOf(record, wrong, 10), false, wrong);
    }
  });
});

describe('a scope', () => {
  test('is an action, or several, and may be for some runbooks', () => {
    for (const text of ['run.start', 'run.*', '*.read', '*', 'run.start@erp-*']) assert.equal(scopeText(parseScope(text)), text);
    for (const text of ['', 'run', 'run.', 'run.strat', 'run.start@', 'run.start@erp new', 'run.start@../x', 'run.start,run.read']) {
      assert.throws(() => parseScope(text), /is not a scope/, text);
    }
  });

  test('never gives more than the scopes it is within', () => {
    const action = fc.constantFrom('*', 'run.*', '*.read', 'plan.*', ...ACCESS_ACTIONS.slice(0, 8));
    const scope: fc.Arbitrary<Scope> = fc
      .tuple(action, fc.option(fc.constantFrom('*', 'erp-*', 'erp-new', 'crm', 'erp-new-*', '*-new'), { nil: undefined }))
      .map(([name, runbook]) => (runbook === undefined ? { action: name } : { action: name, runbook }));
    const allows = ({ action: pattern, runbook }: Scope, asked: string, name: string | undefined): boolean =>
      fitsPattern(pattern, asked) && (runbook === undefined || (name !== undefined && fitsPattern(runbook, name)));
    const names = [undefined, 'erp-new', 'erp-old', 'crm', 'erp-new-eu', 'a-new'];
    fc.assert(
      fc.property(scope, fc.array(scope, { maxLength: 4 }), (inner, outer) => {
        if (!isWithin(inner, outer)) return;
        for (const asked of ACCESS_ACTIONS)
          for (const name of names)
            if (allows(inner, asked, name))
              assert.ok(
                outer.some((each) => allows(each, asked, name)),
                `${scopeText(inner)} gives ${asked} ${String(name)}`,
              );
      }),
    );
    assert.ok(isWithin({ action: 'run.start', runbook: 'erp-new' }, [{ action: 'run.*', runbook: 'erp-*' }]));
    assert.ok(!isWithin({ action: 'run.start' }, [{ action: 'run.*', runbook: 'erp-*' }]));
  });
});
