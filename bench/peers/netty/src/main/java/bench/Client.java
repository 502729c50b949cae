package bench;

import com.sun.management.OperatingSystemMXBean;
import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.channel.AdaptiveRecvByteBufAllocator;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.handler.codec.ByteToMessageDecoder;
import io.netty.handler.codec.LengthFieldBasedFrameDecoder;
import io.netty.handler.codec.LineBasedFrameDecoder;
import java.lang.management.ManagementFactory;
import java.util.concurrent.TimeUnit;

/**
 * Netty's own frame decoders on one event loop: epoll, measured faster than NIO, where its native
 * library is to be had, else NIO.
 *
 * <pre>client HOST PORT len|line sum|echo PAYLOAD</pre>
 */
public final class Client {
  private static final int READ_BYTES = 256 * 1024;
  private static final OperatingSystemMXBean PROCESS =
      (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();

  /** Counts bytes and takes the time of the first one, before the frame decoder. */
  private static final class Meter extends ChannelInboundHandlerAdapter {
    long bytes;
    long wall;
    long cpu;

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
      if (bytes == 0) {
        wall = System.nanoTime();
        cpu = PROCESS.getProcessCpuTime();
      }
      bytes += ((ByteBuf) message).readableBytes();
      context.fireChannelRead(message);
    }
  }

  private static final class Sum extends SimpleChannelInboundHandler<ByteBuf> {
    final boolean echo;
    long frames;
    long sum;

    Sum(boolean echo) {
      this.echo = echo;
    }

    @Override
    protected void channelRead0(ChannelHandlerContext context, ByteBuf frame) {
      frames++;
      sum += frame.getUnsignedInt(frame.readerIndex());
      if (echo) context.write(frame.readRetainedSlice(4));
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext context) {
      if (echo) context.flush();
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
      System.err.println("client: " + cause);
      System.exit(1);
    }
  }

  private static ByteToMessageDecoder decoder(String framing) {
    return framing.equals("line")
        ? new LineBasedFrameDecoder(READ_BYTES)
        : new LengthFieldBasedFrameDecoder(READ_BYTES, 0, 4, 0, 4);
  }

  public static void main(String[] args) throws InterruptedException {
    if (args.length != 5) {
      System.err.println("usage: client HOST PORT len|line sum|echo PAYLOAD");
      System.exit(2);
    }
    boolean epoll = Epoll.isAvailable();
    IoHandlerFactory io = epoll ? EpollIoHandler.newFactory() : NioIoHandler.newFactory();
    EventLoopGroup group = new MultiThreadIoEventLoopGroup(1, io);
    Meter meter = new Meter();
    Sum sum = new Sum(args[3].equals("echo"));
    try {
      Bootstrap bootstrap =
          new Bootstrap()
              .group(group)
              .channel(epoll ? EpollSocketChannel.class : NioSocketChannel.class)
              .option(ChannelOption.TCP_NODELAY, true)
              .option(
                  ChannelOption.RECVBUF_ALLOCATOR,
                  new AdaptiveRecvByteBufAllocator(2048, READ_BYTES, READ_BYTES))
              .handler(
                  new ChannelInitializer<Channel>() {
                    @Override
                    protected void initChannel(Channel channel) {
                      channel.pipeline().addLast(meter, decoder(args[2]), sum);
                    }
                  });
      Channel channel = bootstrap.connect(args[0], Integer.parseInt(args[1])).sync().channel();
      channel.closeFuture().sync();
      System.out.printf(
          "{\"frames\":%d,\"sum\":\"%s\",\"bytes\":%d,\"wall_ns\":%d,\"cpu_ns\":%d}%n",
          sum.frames,
          Long.toUnsignedString(sum.sum),
          meter.bytes,
          System.nanoTime() - meter.wall,
          PROCESS.getProcessCpuTime() - meter.cpu);
    } finally {
      group.shutdownGracefully(0, 1, TimeUnit.SECONDS);
    }
  }
}
