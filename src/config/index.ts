export { secretsOfChildren } from './children.ts';
export { loadConfig } from './load.ts';
export { channelKey } from './notify.ts';
export { realSurroundings } from './surroundings.ts';
export { findTool, type FoundTool, packageDir, type RunTool, type ToolName, toolPaths, toolVersion } from './tools.ts';
export type * from './types.ts';
