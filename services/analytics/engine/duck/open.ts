import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';

/** DuckDB in memory on one thread, which opens nothing beside what `settings` allow, and takes no other settings behind them. */
export async function openDuck(memoryMb: number, settings: readonly string[] = []): Promise<DuckDBConnection> {
  const instance = await DuckDBInstance.create(':memory:', {
    memory_limit: `${memoryMb}MB`,
    threads: '1',
    max_temp_directory_size: '0B',
    autoinstall_known_extensions: 'false',
    autoload_known_extensions: 'false',
    allow_community_extensions: 'false',
  });
  const connection = await instance.connect();
  for (const setting of [...settings, 'enable_external_access = false', 'lock_configuration = true'])
    await connection.run(`SET ${setting}`);
  return connection;
}
