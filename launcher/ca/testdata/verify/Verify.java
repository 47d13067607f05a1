import java.net.Socket;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.SSLSocketFactory;

/** usage: Verify NAME PORT [NAME PORT ...]: a line for each server. */
public class Verify {
    public static void main(String[] args) throws Exception {
        SSLSocketFactory factory = (SSLSocketFactory) SSLSocketFactory.getDefault();
        for (int i = 0; i + 1 < args.length; i += 2) {
            int port = Integer.parseInt(args[i + 1]);
            try (Socket plain = new Socket("127.0.0.1", port);
                    SSLSocket socket = (SSLSocket) factory.createSocket(plain, args[i], port, true)) {
                SSLParameters parameters = socket.getSSLParameters();
                parameters.setEndpointIdentificationAlgorithm("HTTPS");
                socket.setSSLParameters(parameters);
                System.out.println(new String(socket.getInputStream().readNBytes(2)).equals("ok") ? "trusted" : "silent");
            } catch (SSLException e) {
                System.out.println("refused " + String.join(" ", e.toString().split("\\s+")));
            }
        }
    }
}
