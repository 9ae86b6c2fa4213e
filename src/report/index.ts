export * from './run/index.ts';
export * from './plan/index.ts';
export * from './kpi/index.ts';
export * from './operate/index.ts';
export * from './verdict/index.ts';
