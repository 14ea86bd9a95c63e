import { useApi, useContract } from '../api/call.ts';
import { readSession } from '../api/session.ts';
import type { Draft } from '../form/draft.ts';
import { SchemaForm } from '../form/schema-form.tsx';
import { Dialog } from '../part/dialog.tsx';
import { notice } from '../part/notice.tsx';

/** Makes an environment in a project that is known already. */
export function EnvironmentCreate({ project, onClose }: { project: string; onClose: () => void }) {
  const api = useApi();
  const operation = useContract('platform')?.operations.CreateEnvironment;
  const create = async (input: Draft) => {
    await api.call('platform', 'CreateEnvironment', '', { ...input, project });
    await readSession();
    notice('The environment is made.');
    onClose();
  };
  return (
    <Dialog title="New environment" onClose={onClose}>
      {operation && (
        <SchemaForm
          schema={operation.input}
          omit={['project']}
          start={{ project, kind: 'test' }}
          verb="Make it"
          onSubmit={create}
          onCancel={onClose}
        />
      )}
    </Dialog>
  );
}
