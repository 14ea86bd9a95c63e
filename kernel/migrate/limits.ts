import { limit } from '#kernel/contract/limit.ts';

export const migrationCountMax = limit(9999, 'file', 'Most migrations of one service: their names have four digits.');
export const migrationTextBytesMax = limit(4 * 1024 * 1024, 'byte', 'Largest migration file.');
export const migrationRunMs = limit(600_000, 'ms', 'Longest run of one migration.');
export const serviceNameLengthMax = limit(24, 'character', 'Longest name of a service, so that role names fit into PostgreSQL names.');
export const deploymentLengthMax = limit(24, 'character', 'Longest id of a deployment.');
