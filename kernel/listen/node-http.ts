/**
 * Node's HTTP. An `import` of `node:http` evaluates all of its names, and one of them loads a whole `fetch` with it, which
 * no process of ours needs: a sixth of the start, and some megabytes.
 */
export const { Agent, createServer, request } = process.getBuiltinModule('node:http');
