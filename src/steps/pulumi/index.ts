export { pulumiDestroy } from './destroy.ts';
export { pulumiImport } from './import.ts';
export { pulumiPreview } from './preview.ts';
export { pulumiRefresh } from './refresh.ts';
export { pulumiUp } from './up.ts';
