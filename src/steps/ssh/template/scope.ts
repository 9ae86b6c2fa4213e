import { z } from 'zod';
import { type Json, type JsonObject, Secret } from '../../../core/index.ts';
import { type ExprType, type Scope, typeOfJsonSchema, typeOfValue, type TypeScope } from '../../../expr/index.ts';
import type { Host } from '../../host.ts';
import { Facts } from '../facts/index.ts';

export type Vars = { readonly [name: string]: string | Secret | Json };

/** What a template sees, and where the secrets are that it may only pass on. */
export interface TemplateScope {
  readonly scope: Scope;
  readonly types: TypeScope;
  readonly reveal: (reference: string) => string;
}

const ANY_OBJECT: ExprType = { type: 'object', members: {}, open: true };
const FACTS = typeOfJsonSchema(z.toJSONSchema(Facts) as JsonObject); // a JSON Schema is JSON

/** `vars` as the step gives them, `host` as the inventory knows it, `facts` as the machine tells them. */
export function scopeOf(vars: Vars, host: Host, facts: Facts | undefined): TemplateScope {
  const secrets: Secret[] = [];
  const sealed = Object.fromEntries(
    Object.entries(vars).map(([name, value]): [string, Json] => {
      if (!(value instanceof Secret)) return [name, value as Json]; // the schema admits JSON and secrets only
      secrets.push(value);
      return [name, { $secret: String(secrets.length - 1) }];
    }),
  );
  const { name, address, port, user, zone, groups } = host;
  const told: JsonObject = { name, address, port, user, groups: [...groups], zone: zone ?? null, vars: host.vars };
  return {
    scope: { vars: sealed, host: told, facts: (facts ?? {}) as JsonObject }, // facts are plain data
    types: { vars: varsType(vars), host: hostType(told), facts: FACTS },
    reveal: (reference) => secrets[Number(reference)]?.reveal() ?? '',
  };
}

function varsType(vars: Vars): ExprType {
  const members = Object.entries(vars).map(([name, value]): [string, ExprType] => [
    name,
    value instanceof Secret ? { type: 'string', secret: true } : typeOfValue(value as Json), // JSON, by the schema
  ]);
  return { type: 'object', open: false, members: Object.fromEntries(members) };
}

/** Hosts differ in their variables: one that is missing shows when the text is made, not before. */
function hostType(told: JsonObject): ExprType {
  const known = typeOfValue({ ...told, zone: '' });
  if (known.type !== 'object') return ANY_OBJECT;
  return { ...known, members: { ...known.members, groups: { type: 'array', items: { type: 'string' } }, vars: ANY_OBJECT } };
}
