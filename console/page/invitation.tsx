import { useEffect } from 'react';
import { Link, useNavigate, useSearchParams } from 'react-router';
import { acceptInvitation } from '../api/session.ts';
import { Lone } from './lone.tsx';
import { NewPassword } from './new-password.tsx';

/** Where the link of an invitation leads. */
export default function Invitation() {
  const [search] = useSearchParams();
  const go = useNavigate();
  const token = search.get('token');
  useEffect(() => {
    document.title = 'Accept your invitation · Gamut';
  }, []);
  if (!token) {
    return (
      <Lone title="This link is not whole" foot={<Link to="/login">Sign in</Link>}>
        <p>Open the link of your invitation as it stands in the mail, or ask for a new invitation.</p>
      </Lone>
    );
  }
  const accept = async (password: string) => {
    await acceptInvitation(token, password);
    await go('/', { replace: true });
  };
  return (
    <Lone
      title="Accept your invitation"
      text="Choose a password; with your e-mail it is how you sign in from now on."
      foot={<Link to="/login">Sign in instead</Link>}
    >
      <NewPassword verb="Accept and sign in" act={accept} />
    </Lone>
  );
}
