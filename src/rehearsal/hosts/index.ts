export type { HostEffect } from './ledger.ts';
export { type HostOverride, type RehearsalHosts, type RehearsalHostsOptions, startRehearsalHosts } from './start.ts';
export type { HostFault, HttpEndpoint, LoadBalancer, RehearsalVars } from './vars.ts';
