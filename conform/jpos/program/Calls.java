// jPOS' channel on a socket. `call PORT` signs on, asks for an echo and for authorizations; `serve` prints a port and answers what comes.
import java.net.ServerSocket;
import org.jpos.iso.BaseChannel;
import org.jpos.iso.ISOMsg;
import org.jpos.iso.channel.NACChannel;
import org.jpos.iso.packager.ISO87APackager;

public class Calls {
  public static void main(String[] argv) throws Exception {
    if (argv[0].equals("call")) call(Integer.parseInt(argv[1]));
    else serve();
  }

  private static ISOMsg message(String type, int trace) throws Exception {
    ISOMsg message = new ISOMsg(type);
    message.set(7, "1126153058");
    message.set(11, String.format("%06d", trace));
    return message;
  }

  private static void call(int port) throws Exception {
    BaseChannel channel = new NACChannel("127.0.0.1", port, new ISO87APackager(), null);
    channel.setTimeout(20000);
    channel.connect();
    for (String code : new String[] {"001", "301"}) {
      ISOMsg manage = message("0800", 1);
      manage.set(70, code);
      channel.send(manage);
      ISOMsg answer = channel.receive();
      System.out.println(answer.getMTI() + " " + answer.getString(39) + " " + answer.getString(70));
    }
    int count = 50;
    for (int trace = 2; trace < 2 + count; trace++) {
      ISOMsg request = message("0100", trace);
      request.set(2, "4242424242424242");
      request.set(3, "000000");
      request.set(4, "000000010050");
      request.set(41, "TERM0001");
      request.set(49, "756");
      channel.send(request);
    }
    for (int at = 0; at < count; at++) {
      ISOMsg answer = channel.receive();
      System.out.println(answer.getMTI() + " " + answer.getString(39) + " " + answer.getString(11));
    }
    channel.disconnect();
  }

  private static void serve() throws Exception {
    ServerSocket server = new ServerSocket(0);
    System.out.println(server.getLocalPort());
    BaseChannel channel = new NACChannel(new ISO87APackager(), null);
    channel.accept(server);
    while (true) {
      ISOMsg message = channel.receive();
      boolean isLast = "002".equals(message.getString(70));
      message.setResponseMTI();
      message.set(39, "00");
      channel.send(message);
      if (isLast) return;
    }
  }
}
