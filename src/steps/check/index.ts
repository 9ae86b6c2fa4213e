export { checkCommand } from './command.ts';
export { checkHttp } from './http.ts';
export { checkReadiness } from './readiness.ts';
export { checkTcp } from './tcp.ts';
