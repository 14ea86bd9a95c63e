import { toneOfState, useHealth } from '../api/health.ts';
import { Status } from '../part/status.tsx';

/** Whether the processes of a service are well. */
export function ServiceState({ service }: { service: string }) {
  const own = useHealth().value?.processes.filter((process) => process.name === service || process.name.startsWith(`${service}-`));
  if (!own || own.length === 0) return null;
  const worst = own.find((process) => process.state === 'failed') ?? own.find((process) => process.state !== 'ready') ?? own[0];
  return worst ? <Status tone={toneOfState(worst.state)}>{worst.state}</Status> : null;
}
