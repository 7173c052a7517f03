defmodule PhxproofTarget.LabChannel do
  @moduledoc """
  `lab:*`, a channel with one event for everything a channel can do: answer, push, broadcast,
  intercept, keep state, be slow, stop and crash.

  An event without a clause here crashes the channel, and is meant to.
  """
  use Phoenix.Channel

  intercept ["whispered"]

  @impl true
  def join(_topic, params, socket) do
    if ms = params["delay_ms"], do: Process.sleep(ms)

    cond do
      params["crash"] -> raise "asked to crash in join"
      reason = params["deny"] -> {:error, %{reason: reason}}
      true -> {:ok, %{params: params}, socket |> assign(count: 0, kept: %{}) |> start_ping(params)}
    end
  end

  @impl true
  def handle_in("echo", payload, socket), do: {:reply, {:ok, payload}, socket}
  def handle_in("echo_error", payload, socket), do: {:reply, {:error, payload}, socket}
  def handle_in("ack", _payload, socket), do: {:reply, :ok, socket}
  def handle_in("ignore", _payload, socket), do: {:noreply, socket}

  def handle_in("count", _payload, socket) do
    n = socket.assigns.count + 1
    {:reply, {:ok, %{count: n}}, assign(socket, :count, n)}
  end

  def handle_in("put", %{"key" => key, "value" => value}, socket) do
    {:reply, {:ok, %{}}, assign(socket, :kept, Map.put(socket.assigns.kept, key, value))}
  end

  def handle_in("get", %{"key" => key}, socket) do
    {:reply, {:ok, %{value: Map.get(socket.assigns.kept, key)}}, socket}
  end

  def handle_in("push", payload, socket) do
    push(socket, "pushed", payload)
    {:noreply, socket}
  end

  def handle_in("broadcast", payload, socket) do
    broadcast!(socket, "broadcasted", payload)
    {:reply, {:ok, %{}}, socket}
  end

  def handle_in("broadcast_from", payload, socket) do
    broadcast_from!(socket, "broadcasted", payload)
    {:reply, {:ok, %{}}, socket}
  end

  def handle_in("whisper", %{"to" => to, "body" => body}, socket) do
    broadcast!(socket, "whispered", %{to: to, body: body})
    {:reply, {:ok, %{}}, socket}
  end

  def handle_in("sleep", %{"ms" => ms}, socket) do
    Process.sleep(ms)
    {:reply, {:ok, %{slept: ms}}, socket}
  end

  def handle_in("reply_later", %{"ms" => ms, "body" => body}, socket) do
    Process.send_after(self(), {:reply_later, socket_ref(socket), body}, ms)
    {:noreply, socket}
  end

  def handle_in("stop", %{"reason" => "normal"}, socket), do: {:stop, :normal, socket}
  def handle_in("stop", %{"reason" => "shutdown"}, socket), do: {:stop, {:shutdown, :asked}, socket}
  def handle_in("stop", %{"reason" => reason}, socket), do: {:stop, {:asked, reason}, socket}
  def handle_in("stop_reply", payload, socket), do: {:stop, :normal, {:ok, payload}, socket}
  def handle_in("crash", _payload, _socket), do: raise("asked to crash")

  @impl true
  def handle_out("whispered", %{to: to, body: body}, socket) do
    if socket.assigns.user == to, do: push(socket, "whispered", %{body: body, for: to})
    {:noreply, socket}
  end

  @impl true
  def handle_info(:ping, socket) do
    n = socket.assigns.pings + 1
    push(socket, "ping", %{count: n})
    {:noreply, assign(socket, :pings, n)}
  end

  def handle_info({:reply_later, ref, body}, socket) do
    reply(ref, {:ok, %{body: body}})
    {:noreply, socket}
  end

  defp start_ping(socket, %{"ping_ms" => ms}) do
    :timer.send_interval(ms, :ping)
    assign(socket, :pings, 0)
  end

  defp start_ping(socket, _params), do: socket
end
