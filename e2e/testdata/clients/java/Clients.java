import com.openai.client.OpenAIClient;
import com.openai.client.okhttp.OpenAIOkHttpClient;
import com.openai.core.JsonValue;
import com.openai.core.http.StreamResponse;
import com.openai.models.FunctionDefinition;
import com.openai.models.FunctionParameters;
import com.openai.models.chat.completions.ChatCompletionChunk;
import com.openai.models.chat.completions.ChatCompletionCreateParams;
import com.openai.models.chat.completions.ChatCompletionMessage;
import com.openai.models.chat.completions.ChatCompletionMessageFunctionToolCall;
import com.openai.models.chat.completions.ChatCompletionToolMessageParam;
import com.openai.models.embeddings.EmbeddingCreateParams;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.HttpURLConnection;
import java.net.URI;
import java.net.URL;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;

/**
 * The smallest programs of Java's clients: Clients CLIENT CASE,CASE. Each calls its provider's own
 * host with its own defaults and prints what came.
 */
public final class Clients {
  private static final String URL = "https://api.openai.com/v1/chat/completions";

  private Clients() {}

  public static void main(String[] args) throws Exception {
    for (String what : args[1].split(",")) {
      switch (args[0]) {
        case "openai" -> openai(what);
        case "httpclient" -> httpClient(what);
        case "urlconnection" -> urlConnection(what);
        default -> throw new IllegalArgumentException(args[0]);
      }
    }
    System.exit(0); // OkHttp's threads stay for a minute
  }

  private static void openai(String what) {
    OpenAIClient client = OpenAIOkHttpClient.fromEnv();
    ChatCompletionCreateParams.Builder ask = ChatCompletionCreateParams.builder().model("gpt-4o-mini");
    switch (what) {
      case "chat" -> {
        var r = client.chat().completions().create(ask.addUserMessage("Say hello.").build());
        var choice = r.choices().get(0);
        System.out.println(choice.message().content().orElse("") + " " + choice.finishReason() + " " + r.usage().get().totalTokens());
      }
      case "stream" -> {
        try (StreamResponse<ChatCompletionChunk> s = client.chat().completions().createStreaming(ask.addUserMessage("Say hello.").build())) {
          s.stream()
              .flatMap(chunk -> chunk.choices().stream())
              .forEach(c -> System.out.println(c.delta().content().orElse("") + " " + c.finishReason().map(Object::toString).orElse("")));
        }
      }
      case "tools" -> {
        var schema =
            FunctionParameters.builder()
                .putAdditionalProperty("type", JsonValue.from("object"))
                .putAdditionalProperty("properties", JsonValue.from(Map.of("city", Map.of("type", "string"))))
                .putAdditionalProperty("required", JsonValue.from(List.of("city")))
                .build();
        ask.addUserMessage("What is the weather in Oslo?")
            .addFunctionTool(FunctionDefinition.builder().name("get_weather").description("The weather.").parameters(schema).build());
        ChatCompletionMessage message = client.chat().completions().create(ask.build()).choices().get(0).message();
        ChatCompletionMessageFunctionToolCall call = message.toolCalls().get().get(0).asFunction();
        System.out.println(call.function().name() + " " + call.function().arguments());
        ask.addMessage(message).addMessage(ChatCompletionToolMessageParam.builder().toolCallId(call.id()).content("12 degrees").build());
        System.out.println(client.chat().completions().create(ask.build()).choices().get(0).message().content().orElse(""));
      }
      case "embed" -> {
        var r = client.embeddings().create(EmbeddingCreateParams.builder().model("text-embedding-3-small").input("hello").build());
        System.out.println(r.data().get(0).embedding().size());
      }
      default -> throw new IllegalArgumentException(what);
    }
    client.close();
  }

  private static String body(String what) {
    String stream = what.equals("stream") ? "\"stream\":true," : "";
    return "{\"model\":\"gpt-4o-mini\"," + stream + "\"messages\":[{\"role\":\"user\",\"content\":\"Say hello.\"}]}";
  }

  private static void httpClient(String what) throws Exception {
    HttpRequest request =
        HttpRequest.newBuilder(URI.create(URL))
            .header("Content-Type", "application/json")
            .header("Authorization", "Bearer " + System.getenv("OPENAI_API_KEY"))
            .POST(HttpRequest.BodyPublishers.ofString(body(what)))
            .build();
    HttpResponse<String> r = HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofString());
    System.out.println(r.version() + " " + r.statusCode() + " " + r.body());
  }

  private static void urlConnection(String what) throws Exception {
    HttpURLConnection c = (HttpURLConnection) new URL(URL).openConnection();
    c.setRequestMethod("POST");
    c.setRequestProperty("Content-Type", "application/json");
    c.setRequestProperty("Authorization", "Bearer " + System.getenv("OPENAI_API_KEY"));
    c.setDoOutput(true);
    try (OutputStream out = c.getOutputStream()) {
      out.write(body(what).getBytes(StandardCharsets.UTF_8));
    }
    try (InputStream in = c.getInputStream()) {
      System.out.println(c.getResponseCode() + " " + new String(in.readAllBytes(), StandardCharsets.UTF_8));
    }
  }
}
