// Reads and writes messages by jPOS with its packagers ISO87A and ISO87B: a case a line on standard input,
// `name TAB encoding TAB type TAB fields TAB message`, with fields as `number:value` and all values in hexadecimal; a line for each with
// what was read of the message, and the message written of the fields.
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jpos.iso.ISOBasePackager;
import org.jpos.iso.ISOMsg;
import org.jpos.iso.ISOUtil;
import org.jpos.iso.packager.ISO87APackager;
import org.jpos.iso.packager.ISO87BPackager;

public class Messages {
  public static void main(String[] argv) throws Exception {
    BufferedReader input = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (String line = input.readLine(); line != null; line = input.readLine()) {
      String[] part = line.split("\t");
      ISOBasePackager packager = part[1].equals("ascii") ? new ISO87APackager() : new ISO87BPackager();
      try {
        System.out.println(String.join("\t", part[0], read(packager, part[4]), write(packager, part[2], part[3])));
      } catch (Exception error) {
        System.out.println(part[0] + "\tERROR\t" + String.valueOf(error).replace('\n', ' '));
      }
    }
  }

  private static String read(ISOBasePackager packager, String message) throws Exception {
    ISOMsg found = new ISOMsg();
    found.setPackager(packager);
    byte[] bytes = ISOUtil.hex2byte(message);
    int used = found.unpack(bytes);
    if (used != bytes.length) throw new IllegalStateException("read " + used + " of " + bytes.length + " bytes");
    List<String> pairs = new ArrayList<>();
    for (int number = 2; number <= found.getMaxField(); number++) {
      if (!found.hasField(number)) continue;
      Object value = found.getValue(number);
      byte[] of = value instanceof byte[] ? (byte[]) value : ((String) value).getBytes(StandardCharsets.ISO_8859_1);
      pairs.add(number + ":" + ISOUtil.hexString(of).toLowerCase());
    }
    return found.getMTI() + "\t" + String.join(",", pairs);
  }

  private static String write(ISOBasePackager packager, String type, String fields) throws Exception {
    ISOMsg message = new ISOMsg();
    message.setPackager(packager);
    message.setMTI(type);
    for (String pair : fields.split(",")) {
      int number = Integer.parseInt(pair.substring(0, pair.indexOf(':')));
      byte[] value = ISOUtil.hex2byte(pair.substring(pair.indexOf(':') + 1));
      if (number == 52) message.set(number, value);
      else message.set(number, new String(value, StandardCharsets.ISO_8859_1));
    }
    return ISOUtil.hexString(message.pack()).toLowerCase();
  }
}
