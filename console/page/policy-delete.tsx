import { useApi } from '../api/call.ts';
import { DangerDialog } from '../part/dialog.tsx';
import { notice } from '../part/notice.tsx';

type Props = { operation: 'DeletePolicy' | 'DeleteGuardRail'; name: string; onClose: () => void; onDone?: () => Promise<void> };

/** Takes a policy or a guard-rail away. */
export function PolicyDelete({ operation, name, onClose, onDone }: Props) {
  const api = useApi();
  const isRail = operation === 'DeleteGuardRail';
  const act = async () => {
    await api.call('platform', operation, name, {});
    notice(`${name} decides nothing any more.`);
  };
  return (
    <DangerDialog
      title={isRail ? 'Delete a guard-rail' : 'Delete a policy'}
      verb="Delete"
      name={name}
      act={act}
      onClose={onClose}
      {...(onDone ? { onDone } : {})}
    >
      <p>
        Within a second {isRail ? 'nobody on this platform is' : 'nobody is'} permitted or refused anything by it. It cannot be taken back;
        its text stays in no history.
      </p>
    </DangerDialog>
  );
}
