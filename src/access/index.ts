export {
  type AccessObject,
  type AccessRequest,
  createGate,
  decide,
  type Decision,
  type DecisionEntry,
  type Gate,
  type GateOptions,
  type Judges,
} from './gate.ts';
export { type AccessRules, rulesOf } from './rules.ts';
export { isWithin, parseScope, type Scope, scopeText } from './scope.ts';
export { type Identity, namesOf, teamsOf, type Via } from './subject.ts';
export { isTokenOf, makeToken, prefixOf, TokenRecord } from './token.ts';
