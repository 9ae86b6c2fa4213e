import type { Connection } from '@temporalio/client';
import { messageOf } from '../../core/index.ts';
import { SEARCH } from './search.ts';

type Operated = Pick<Connection, 'operatorService'>;

/** Numbers of the server for the types of our attributes. */
const TYPES = { KEYWORD: 2, KEYWORD_LIST: 7 } as const;
const WANTED = Object.values(SEARCH);

/** Does the server know all our search attributes? A server that does not tell is taken not to. */
export async function knowsAttributes(connection: Operated, namespace: string): Promise<boolean> {
  try {
    return (await missing(connection, namespace)).length === 0;
  } catch {
    return false;
  }
}

/**
 * Make the search attributes known to the server, where it lets us.
 *
 * @returns why runs cannot be found by them, if so.
 */
export async function registerAttributes(connection: Operated, namespace: string): Promise<string | undefined> {
  try {
    const left = await missing(connection, namespace);
    if (left.length === 0) return undefined;
    const searchAttributes = Object.fromEntries(left.map(({ name, type }) => [name, TYPES[type]]));
    await connection.operatorService.addSearchAttributes({ namespace, searchAttributes });
    return undefined;
  } catch (cause) {
    const names = WANTED.map(({ name, type }) => `${name} (${type})`).join(', ');
    return `runs cannot be found by their runbook, environment, wave and state in Temporal: ${messageOf(cause)}; have somebody who may add ${names}`;
  }
}

async function missing({ operatorService }: Operated, namespace: string) {
  const { customAttributes } = await operatorService.listSearchAttributes({ namespace });
  return WANTED.filter(({ name }) => customAttributes[name] === undefined);
}
