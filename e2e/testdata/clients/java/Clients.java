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
  private static final String API = "https://api.openai.com/v1/";
  private static final String ASK = "{\"role\":\"user\",\"content\":\"What is the weather in Oslo?\"}";
  private static final String TOOLS =
      "\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"get_weather\",\"parameters\":{\"type\":\"object\",\"properties\":{\"city\":{\"type\":\"string\"}}}}}],";
  private static final String RESULT =
      ",{\"role\":\"assistant\",\"tool_calls\":[{\"id\":\"call_1\",\"type\":\"function\",\"function\":{\"name\":\"get_weather\",\"arguments\":\"{\\\"city\\\":\\\"Oslo\\\"}\"}}]}"
          + ",{\"role\":\"tool\",\"tool_call_id\":\"call_1\",\"content\":\"12 degrees\"}";

  private Clients() {}

  public static void main(String[] args) throws Exception {
    for (String what : args[1].split(",")) {
      switch (args[0]) {
        case "openai" -> openai(what);
        case "httpclient" -> raw(what, Clients::httpClient);
        case "urlconnection" -> raw(what, Clients::urlConnection);
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

  private interface Post {
    void send(String path, String body) throws Exception;
  }

  /** What a program without a library sends. */
  private static void raw(String what, Post post) throws Exception {
    String hello = "{\"role\":\"user\",\"content\":\"Say hello.\"}";
    switch (what) {
      case "chat" -> post.send("chat/completions", chat("", hello));
      case "stream" -> post.send("chat/completions", chat("\"stream\":true,", hello));
      case "tools" -> {
        post.send("chat/completions", chat(TOOLS, ASK));
        post.send("chat/completions", chat(TOOLS, ASK + RESULT));
      }
      case "embed" -> post.send("embeddings", "{\"model\":\"text-embedding-3-small\",\"input\":\"hello\"}");
      default -> throw new IllegalArgumentException(what);
    }
  }

  private static String chat(String more, String messages) {
    return "{\"model\":\"gpt-4o-mini\"," + more + "\"messages\":[" + messages + "]}";
  }

  private static void httpClient(String path, String body) throws Exception {
    HttpRequest request =
        HttpRequest.newBuilder(URI.create(API + path))
            .header("Content-Type", "application/json")
            .header("Authorization", "Bearer " + System.getenv("OPENAI_API_KEY"))
            .POST(HttpRequest.BodyPublishers.ofString(body))
            .build();
    HttpResponse<String> r = HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofString());
    System.out.println(r.version() + " " + r.statusCode() + " " + r.body());
  }

  private static void urlConnection(String path, String body) throws Exception {
    HttpURLConnection c = (HttpURLConnection) new URL(API + path).openConnection();
    c.setRequestMethod("POST");
    c.setRequestProperty("Content-Type", "application/json");
    c.setRequestProperty("Authorization", "Bearer " + System.getenv("OPENAI_API_KEY"));
    c.setDoOutput(true);
    try (OutputStream out = c.getOutputStream()) {
      out.write(body.getBytes(StandardCharsets.UTF_8));
    }
    try (InputStream in = c.getInputStream()) {
      System.out.println(c.getResponseCode() + " " + new String(in.readAllBytes(), StandardCharsets.UTF_8));
    }
  }
}
