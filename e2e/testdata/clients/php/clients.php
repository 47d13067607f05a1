<?php
// The smallest programs of PHP's clients: clients.php CLIENT CASE,CASE.
[$client, $cases] = array_slice($argv, -2);
$fields = ['Content-Type: application/json', 'Authorization: Bearer ' . getenv('OPENAI_API_KEY')];
$chat = ['model' => 'gpt-4o-mini', 'messages' => [['role' => 'user', 'content' => 'Say hello.']]];
$parameters = ['type' => 'object', 'properties' => ['city' => ['type' => 'string']], 'required' => ['city']];
$tools = [['type' => 'function', 'function' => ['name' => 'get_weather', 'description' => 'The weather.', 'parameters' => $parameters]]];
$ask = ['role' => 'user', 'content' => 'What is the weather in Oslo?'];
$call = ['id' => 'call_1', 'type' => 'function', 'function' => ['name' => 'get_weather', 'arguments' => '{"city":"Oslo"}']];
$turn = [$ask, ['role' => 'assistant', 'tool_calls' => [$call]], ['role' => 'tool', 'tool_call_id' => 'call_1', 'content' => '12 degrees']];
$calls = [
    'chat' => [['chat/completions', $chat]],
    'stream' => [['chat/completions', ['stream' => true] + $chat]],
    'tools' => [['chat/completions', ['messages' => [$ask], 'tools' => $tools] + $chat], ['chat/completions', ['messages' => $turn, 'tools' => $tools] + $chat]],
    'embed' => [['embeddings', ['model' => 'text-embedding-3-small', 'input' => 'hello']]],
];
foreach (explode(',', $cases) as $what) {
    foreach ($calls[$what] as [$path, $body]) {
        $url = 'https://api.openai.com/v1/' . $path;
        if ($client === 'streams') {
            $context = stream_context_create(['http' => ['method' => 'POST', 'header' => $fields, 'content' => json_encode($body), 'ignore_errors' => true]]);
            $answer = @file_get_contents($url, false, $context);
            if ($answer === false) {
                echo "no answer\n";
                exit(4);
            }
            echo $answer, "\n";
            continue;
        }
        $c = curl_init($url);
        curl_setopt_array($c, [CURLOPT_POST => true, CURLOPT_HTTPHEADER => $fields, CURLOPT_POSTFIELDS => json_encode($body), CURLOPT_RETURNTRANSFER => true]);
        $answer = curl_exec($c);
        echo curl_getinfo($c, CURLINFO_RESPONSE_CODE), ' ', $answer === false ? curl_error($c) : $answer, "\n";
    }
}
